"""The step `corporate-actions`: which count on the date and on the next one, and whether prices fit them.

Nothing is applied here: positions, prices and profit take splits and dividends from ops.corporate_action
wherever they are computed, so a second place would count them twice. What is missing there shows as a price
that jumps.
"""

import datetime as dt
from typing import Any

import asyncpg

from endofday.adapters.inputs import read_day
from endofday.core.books import split_ratio
from endofday.core.day import Books, Closes, Day
from quant import business_dates
from store.database import Connection, run_transaction

JUMP = 1.8
"""A close that is so many times the one before, or so small a part of it, is no ordinary day's move."""
_NEXT = "SELECT symbol, type FROM ops.corporate_action_latest WHERE ex_date > $1 AND ex_date <= $2"
LOOK_AHEAD = dt.timedelta(days=4)


async def check_actions(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Count the actions, and name the symbols held whose close looks like a split nobody told of."""

    async def check(conn: Connection) -> dict[str, Any]:
        books, closes, day = await read_day(conn, date)
        following = business_dates(date + dt.timedelta(days=1), date + LOOK_AHEAD)[0]
        coming = await conn.fetch(_NEXT, date, following)
        return {
            "today": sum(one.ex_date == date for found in books.actions.values() for one in found),
            "next_date": len(coming),
            "suspected": suspected(books, closes, day),
        }

    return await run_transaction(pool, check, isolation="repeatable_read")


def suspected(books: Books, closes: Closes, day: Day) -> list[str]:
    """Symbols whose close, splits taken out, is far from the close before."""
    found: list[str] = []
    for symbol in sorted(books.symbols()):
        opening, closing = day.sessions(symbol)
        before, after = closes.prices.get((symbol, opening.date)), closes.prices.get((symbol, closing.date))
        if before is None or after is None or before.currency != after.currency:
            continue
        ratio = float(split_ratio(books.actions.get(symbol, ()), opening, closing))
        change = float(after.value) * ratio / float(before.value)
        if not 1 / JUMP < change < JUMP:
            found.append(symbol)
    return found
