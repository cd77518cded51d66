"""Reads frozen profit and loss. Every statement has a fixed text; what varies are its parameters."""

import datetime as dt

import asyncpg
import msgspec

from api_gateway.core.pnl import Record, RunningDay, StoredPnl, told_lines
from contracts import Valuation
from endofday.adapters.pnl import running_rows
from endofday.core.facts import Quote
from endofday.core.running import LiveMarket, running_date

_ROWS = """
SELECT DISTINCT ON (date, symbol) symbol, date, price, fx, trading, income, fees, opening_value,
       closing_value, flow, realized, reason
  FROM ops.pnl_daily
 WHERE portfolio_id = $1 AND date BETWEEN $2 AND $3 AND recorded_at <= coalesce($4::timestamptz, 'infinity')
 ORDER BY date, symbol, revision DESC
"""
_FROZEN = """
SELECT DISTINCT date FROM ops.run WHERE step = 'pnl' AND state = 'done'
   AND recorded_at <= coalesce($2::timestamptz, 'infinity')
 UNION SELECT DISTINCT date FROM ops.pnl_daily
        WHERE portfolio_id = $1 AND recorded_at <= coalesce($2::timestamptz, 'infinity')
"""
_FIRST_HELD = """
WITH RECURSIVE below AS (
    SELECT $1::varchar AS portfolio_id
     UNION SELECT p.portfolio_id FROM ops.portfolio_latest p JOIN below b ON p.parent_id = b.portfolio_id)
SELECT least(
    (SELECT min(as_of) FROM ops.position WHERE portfolio_id IN (SELECT portfolio_id FROM below)),
    (SELECT min(executed_at) FROM ops.fill WHERE portfolio_id IN (SELECT portfolio_id FROM below)))
"""


class PnlReader:
    """Reads of ops.pnl_daily over one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def last_frozen(self, portfolio_id: str, known_at: dt.datetime | None = None) -> dt.date | None:
        """The newest date that an end of day had covered by a time; None is now."""
        rows = await self._pool.fetch(_FROZEN, portfolio_id, known_at)
        return max((row["date"] for row in rows), default=None)

    async def record(
        self, portfolio_id: str, first: dt.date, last: dt.date, known_at: dt.datetime | None = None
    ) -> Record:
        """Rows from first to last date as known at a time, from one snapshot."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await conn.fetch(_ROWS, portfolio_id, first, last, known_at)
            frozen = await conn.fetch(_FROZEN, portfolio_id, known_at)
            held = await conn.fetchval(_FIRST_HELD, portfolio_id)
        return Record(
            [msgspec.convert(dict(row), StoredPnl) for row in rows],
            frozenset(row["date"] for row in frozen),
            None if held is None else held.date(),
        )

    async def running(self, valuation: Valuation, date: dt.date | None) -> RunningDay | None:
        """The day that is not over: as the live value tells it, else it against the previous closes.

        None when `date` asks for another day.
        """
        today = running_date(valuation.as_of)
        if date not in (None, today):
            return None
        told = told_lines(valuation, today)
        if told is not None:
            return RunningDay(today, told)
        live = LiveMarket(
            valuation.as_of,
            valuation.currency,
            {
                line.symbol: Quote(line.price, line.currency, line.price_id or "")
                for line in valuation.positions
                if line.price is not None
            },
            valuation.fx_rates,
        )
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await running_rows(conn, valuation.portfolio_id, live)
        return RunningDay(today, tuple(msgspec.convert(row, StoredPnl) for row in rows))
