"""The step `challenger`: VaR and daily profit a second time, in SQL, beside the numbers that were stored."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import asyncpg

from endofday.adapters import challenger_pnl_sql as pnl_sql
from endofday.adapters import challenger_var_sql as var_sql
from endofday.adapters.inputs import DAY_END, read_books
from endofday.adapters.snapshot import in_snapshot
from endofday.core.day import Day
from store.bulk import append_revisions
from store.database import Connection
from store.tables import Challenge

EVIDENCE = ("as_of", "scenarios", "scenario_date")
BOOKS_AT_ONCE = 100
AGREES_WITHIN = 1e-6
"""Share of the primary number: rounding of sums in another order stays many times below it."""


async def challenge(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append both numbers of every portfolio and measure; running it again changes nothing.

    Of the code behind the stored numbers only the exchange calendars are used here.
    """

    async def run(conn: Connection) -> dict[str, Any]:
        found = [*await _value_at_risk(conn, date), *await _daily_pnl(conn, date)]
        rows = [to_row(row, date) for row in found]
        appended = await append_revisions(conn, Challenge, rows)
        shares = [share for row in rows if (share := divergence_ratio(row)) is not None]
        return {
            "numbers": len(rows),
            "compared": len(shares),
            "diverging": sum(share > AGREES_WITHIN for share in shares),
            "largest_divergence_ratio": max(shares, default=0.0),
            "written": len(appended),
        }

    return await in_snapshot(pool, run, Challenge.qualified())


def to_row(found: Mapping[str, Any], date: dt.date) -> dict[str, Any]:
    """One row of ops.challenge; without both numbers there is a reason and no divergence."""
    first, second, reason = found["primary_value"], found["challenger_value"], found["reason"]
    divergence = None if first is None or second is None or reason is not None else second - first
    return {
        "portfolio_id": found["portfolio_id"],
        "date": date,
        "measure": found["measure"],
        "primary_value": first,
        "challenger_value": second,
        "divergence": divergence,
        "unit": found["unit"],
        "reason": reason,
        "evidence": {name: str(found[name]) for name in EVIDENCE if found.get(name) is not None},
    }


def divergence_ratio(row: Mapping[str, Any]) -> float | None:
    """Size of the divergence as a share of the primary number; of one below 1 as an amount."""
    if row["divergence"] is None:
        return None
    return abs(row["divergence"]) / max(1.0, abs(row["primary_value"]))


async def _value_at_risk(conn: Connection, date: dt.date) -> list[Any]:
    """Both numbers of every book; the scenarios are added up for some books at a time."""
    # A utility statement takes no parameters; a date in ISO form needs no quoting rules.
    for statement in (var_sql.HELD, var_sql.FACTORS, var_sql.SCENARIOS):
        await conn.execute(statement.replace("DATE_OF_DAY", f"DATE '{date.isoformat()}'"))
    await conn.execute("ANALYZE challenger_held, challenger_factor")
    names = [row["portfolio_id"] for row in await conn.fetch(var_sql.PORTFOLIOS)]
    for start in range(0, len(names), BOOKS_AT_ONCE):
        await conn.execute(var_sql.ADD_SCENARIOS, names[start : start + BOOKS_AT_ONCE])
    await conn.execute("ANALYZE challenger_scenario")
    return await conn.fetch(var_sql.VAR, date)


async def _daily_pnl(conn: Connection, date: dt.date) -> list[Any]:
    """Both numbers of every book."""
    day, symbols = await _day(conn, date)
    sessions = [day.sessions(symbol) for symbol in symbols]
    await conn.execute(pnl_sql.SESSION)
    await conn.execute(
        pnl_sql.ADD_SESSIONS,
        symbols,
        [opening.date for opening, _ in sessions],
        [opening.close for opening, _ in sessions],
        [closing.date for _, closing in sessions],
        [closing.close for _, closing in sessions],
    )
    await conn.execute(pnl_sql.MOMENT)
    await conn.execute(pnl_sql.ADD_MOMENTS, *day.fx_closes)
    for statement in pnl_sql.BUILT:
        await conn.execute(statement)
    await conn.execute("ANALYZE " + ", ".join(f"challenger_{name}" for name in pnl_sql.TABLES))
    return await conn.fetch(pnl_sql.PNL, date)


async def _day(conn: Connection, date: dt.date) -> tuple[Day, list[str]]:
    """The business date, and every symbol ever held."""
    books = await read_books(conn, date, dt.datetime.combine(date, DAY_END))
    return Day(date, books.instruments), sorted(books.symbols())
