"""The step `revalue`: the official closing value of every portfolio, restated where it changed."""

import datetime as dt
from typing import Any

import asyncpg
import msgspec

from contracts import Valuation
from endofday.adapters.inputs import read_day
from endofday.adapters.snapshot import in_snapshot
from endofday.adapters.valuations import append_official, differs, read_official, read_options
from endofday.core.closing import closing_valuations, empty_valuation
from endofday.core.day import Books, Day
from store.database import Connection

CAUSE = "end_of_day"
ONE_WRITER = "ops closing values"
"""The lock of who writes them: two at once would both number theirs one behind the stored."""


async def revalue(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append the closing values of a date that are new or changed; running it again changes nothing."""

    async def value(conn: Connection) -> dict[str, Any]:
        books, closes, day = await read_day(conn, date)
        as_of = day.fx_closes[1]
        found = list(closing_valuations(books, closes, day, await read_options(conn, books, as_of)))
        stored = {one.portfolio_id: one for one in await read_official(conn, as_of)}
        found += _emptied(books, day, found, stored)
        recorded_at = await conn.fetchval("SELECT clock_timestamp()")
        news = [
            (msgspec.structs.replace(one, recorded_at=recorded_at), was)
            for one in found
            if (was := stored.get(one.portfolio_id)) is None or differs(one, was)
        ]
        await append_official(conn, news, CAUSE)
        return {
            "portfolios": len(found),
            "incomplete": sum(not one.coverage.complete for one in found),
            "written": len(news),
            "restated": sum(was is not None for _, was in news),
        }

    return await in_snapshot(pool, value, ONE_WRITER)


def _emptied(books: Books, day: Day, found: list[Valuation], stored: dict[str, Valuation]) -> list[Valuation]:
    """Portfolios that, by a correction, held nothing."""
    gone = stored.keys() - {one.portfolio_id for one in found}
    return [empty_valuation(books.portfolios[name], day) for name in sorted(gone & books.portfolios.keys())]
