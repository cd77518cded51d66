"""Reads what the check of final bars needs."""

import datetime as dt

import asyncpg

from endofday.core.completeness import HISTORY, WINDOW, Completeness, check_bars
from store.database import Connection, run_transaction

_MARKET_TIME = "SELECT to_timestamp(max(ts_event_us) / 1e6) FROM ops.live_price"
_EXCHANGES = """
SELECT symbol, CASE WHEN asset_class <> 'fx' THEN exchange END AS exchange
  FROM ops.instrument_latest WHERE asset_class NOT IN ('cash', 'option')
"""
_BARS = """
SELECT symbol, array_agg(DISTINCT window_start) AS starts FROM ops.price_bar
 WHERE window_start >= $1 GROUP BY symbol
"""


async def completeness(pool: asyncpg.Pool, count: int) -> tuple[dt.datetime | None, Completeness]:
    """The market time of the newest tick, and how complete the newest `count` windows before it are."""

    async def read(conn: Connection) -> tuple[dt.datetime | None, Completeness]:
        market_time: dt.datetime | None = await conn.fetchval(_MARKET_TIME)
        if market_time is None:
            return None, Completeness(0, 0, ())
        exchanges = {row["symbol"]: row["exchange"] for row in await conn.fetch(_EXCHANGES)}
        since = market_time - HISTORY - count * WINDOW
        bars = {row["symbol"]: row["starts"] for row in await conn.fetch(_BARS, since)}
        return market_time, check_bars(market_time, exchanges, bars, count)

    return await run_transaction(pool, read, isolation="repeatable_read")
