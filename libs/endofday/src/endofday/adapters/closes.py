"""The step `closes`: daily prices and FX fixings from final bars, where nobody loaded official ones."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import asyncpg

from endofday.adapters.snapshot import in_snapshot
from endofday.core.day import CASH, FX
from endofday.core.fx_day import fx_close
from endofday.core.sessions import last_session
from quant import previous_business_date
from store.bulk import append_revisions
from store.database import Connection
from store.tables import DailyPrice, FxRate

SOURCE = "final_bars"
_INSTRUMENTS = "SELECT symbol, asset_class, exchange FROM ops.instrument_latest"
_PRICES = """
WITH bar AS (
    SELECT DISTINCT ON (b.symbol, b.window_start) b.*
      FROM ops.price_bar b JOIN unnest($2::text[], $3::timestamptz[]) AS w(symbol, closed) USING (symbol)
     WHERE b.trade_date = $1 AND b.window_end <= w.closed AND b.window_start > w.closed - interval '1 day'
     ORDER BY b.symbol, b.window_start, b.revision DESC
), day AS (
    SELECT symbol, max(high) AS high, min(low) AS low, sum(volume)::bigint AS volume, count(*) AS bars,
           min(window_start) AS opened, max(window_start) AS closed
      FROM bar GROUP BY symbol
)
SELECT day.symbol, first.open, day.high, day.low, last.close, day.volume, last.currency, day.bars,
       last.window_start, last.revision
  FROM day JOIN bar first ON first.symbol = day.symbol AND first.window_start = day.opened
  JOIN bar last ON last.symbol = day.symbol AND last.window_start = day.closed
 WHERE NOT EXISTS (SELECT FROM ops.daily_price d WHERE d.symbol = day.symbol AND d.date = $1
                      AND d.evidence ->> 'source' IS DISTINCT FROM $4)
 ORDER BY day.symbol
"""
_RATES = """
SELECT DISTINCT ON (b.symbol) b.symbol AS pair, b.close AS rate, b.window_start, b.revision
  FROM ops.price_bar b
 WHERE b.symbol = ANY ($1) AND b.window_end <= $3 AND b.window_start >= $2
   AND NOT EXISTS (SELECT FROM ops.fx_rate f WHERE f.pair = b.symbol AND f.as_of > $2 AND f.as_of <= $3
                      AND f.source IS DISTINCT FROM $4)
 ORDER BY b.symbol, b.window_start DESC, b.revision DESC
"""


async def take_closes(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append the closes of a date that only bars tell; a repeat changes nothing, a loaded close stays.

    What was taken from bars is corrected with them, and replaced by whatever is loaded later.
    """

    async def take(conn: Connection) -> dict[str, Any]:
        classes = {row["symbol"]: row for row in await conn.fetch(_INSTRUMENTS)}
        sessions = _sessions(classes, date)
        found = await conn.fetch(_PRICES, date, list(sessions), list(sessions.values()), SOURCE)
        pairs = [symbol for symbol, row in classes.items() if row["asset_class"] == FX and len(symbol) == 6]
        span = fx_close(previous_business_date(date)), fx_close(date)
        fixed = await conn.fetch(_RATES, pairs, *span, SOURCE)
        prices = await append_revisions(conn, DailyPrice, [_price(row, date) for row in found])
        rates = await append_revisions(conn, FxRate, [_rate(row, span[1]) for row in fixed])
        return {
            "prices": len(found),
            "rates": len(fixed),
            "written": len(prices) + len(rates),
            "restated": sum(key[-1] > 1 for key in (*prices, *rates)),
        }

    return await in_snapshot(pool, take, DailyPrice.qualified(), FxRate.qualified())


def _sessions(classes: Mapping[str, Mapping[str, Any]], date: dt.date) -> dict[str, dt.datetime]:
    """When the session of this date closed, of every symbol whose exchange had one."""
    found: dict[str, dt.datetime] = {}
    for symbol, row in classes.items():
        if row["asset_class"] in (CASH, FX):
            continue
        session = last_session(row["exchange"], date)
        if session.date == date:
            found[symbol] = session.close
    return found


def _price(row: Mapping[str, Any], date: dt.date) -> dict[str, Any]:
    names = ("symbol", "open", "high", "low", "close", "volume", "currency")
    return {**{name: row[name] for name in names}, "date": date, "evidence": _evidence(row["symbol"], row)}


def _rate(row: Mapping[str, Any], as_of: dt.datetime) -> dict[str, Any]:
    return {
        "pair": row["pair"],
        "as_of": as_of,
        "rate": row["rate"],
        "source": SOURCE,
        "evidence": _evidence(row["pair"], row),
    }


def _evidence(symbol: str, row: Mapping[str, Any]) -> dict[str, Any]:
    start = row["window_start"].isoformat().replace("+00:00", "Z")
    bars = {"bars": row["bars"]} if "bars" in row.keys() else {}  # noqa: SIM118  a record is no dict
    return {"source": SOURCE, "close": f"bar:{symbol}:{start}:{row['revision']}", **bars}
