"""The step `pnl`: freezes the profit and loss of every portfolio for one business date."""

import datetime as dt
from typing import Any

import asyncpg

from endofday.adapters.inputs import read_books, read_closes, read_day
from endofday.adapters.snapshot import in_snapshot
from endofday.core.day import Day, Row, emptied, rows_of_day
from endofday.core.running import LiveMarket, rows_now, running_date
from store.bulk import append_revisions
from store.database import Connection
from store.tables import PnlDaily

_STORED = """
SELECT portfolio_id, symbol, date, currency FROM ops.pnl_daily_latest
 WHERE date = $1 AND (opening_quantity <> 0 OR closing_quantity <> 0 OR total IS DISTINCT FROM 0)
"""


async def freeze_pnl(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append what is new or changed of a date; running it again changes nothing.

    Raises ValueError for a Saturday or Sunday.
    """

    async def freeze(conn: Connection) -> dict[str, Any]:
        rows = await day_rows(conn, date)
        held = {(row["portfolio_id"], row["symbol"]) for row in rows}
        stored = await conn.fetch(_STORED, date)
        gone = [emptied(row) for row in stored if (row["portfolio_id"], row["symbol"]) not in held]
        appended = await append_revisions(conn, PnlDaily, [*rows, *gone])
        return {
            "portfolios": len({row["portfolio_id"] for row in rows}),
            "positions": len(rows),
            "unknown": sum(row["reason"] is not None for row in rows),
            "written": len(appended),
            "restated": sum(key[-1] > 1 for key in appended),
        }

    return await in_snapshot(pool, freeze, PnlDaily.qualified())


async def day_rows(conn: Connection, date: dt.date) -> list[Row]:
    """The rows of a date as they follow from what is stored now."""
    return list(rows_of_day(*await read_day(conn, date)))


async def running_rows(conn: Connection, portfolio_id: str, live: LiveMarket) -> list[Row]:
    """Rows of the business date that is not over, of one portfolio: previous closes against now."""
    date = running_date(live.as_of)
    books = await read_books(conn, date, live.as_of, portfolio_id)
    portfolio = books.portfolios.get(portfolio_id)
    if portfolio is None:
        return []
    day = Day(date, books.instruments)
    return list(rows_now(books, await read_closes(conn, books, day), day, portfolio, live))
