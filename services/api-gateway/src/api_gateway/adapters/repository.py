"""All SQL of the gateway. Every statement has a fixed text; what varies are its parameters."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from api_gateway.adapters.limit_repository import LimitRepository
from api_gateway.adapters.pnl import PnlReader
from api_gateway.schemas.history import HistoryPoint
from contracts import Bar, Trade, Valuation
from contracts.analysis.backtest import ActualDay

AMOUNTS = (
    "market_value",
    "unrealized_pnl",
    "unrealized_price_pnl",
    "unrealized_fx_pnl",
    "long_exposure",
    "short_exposure",
    "gross_exposure",
    "net_exposure",
)
"""Numbers of a valuation that have a history; names are columns of ops.portfolio_valuation."""

_BAR_COLUMNS = """
    symbol, window_start, window_end, open, high, low, close, vwap, volume, trades, currency, status,
    revision, first_tick_id, last_tick_id, as_of, recorded_at,
    close_reporting, reporting_currency, reporting_rate
"""
_BARS = {
    False: f"SELECT {_BAR_COLUMNS} FROM ops.price_bar_latest",  # noqa: S608
    True: f"SELECT {_BAR_COLUMNS} FROM ops.price_bar",  # noqa: S608
}
_AFTER = """
 WHERE symbol = $1
   AND ($2::timestamptz IS NULL OR window_start >= $2) AND ($3::timestamptz IS NULL OR window_start < $3)
   AND ($4::timestamptz IS NULL OR (window_start, revision) > ($4, $5))
 ORDER BY window_start, revision LIMIT $6
"""
_NEWEST = """
 WHERE symbol = $1 AND ($2::timestamptz IS NULL OR window_start < $2)
 ORDER BY window_start DESC, revision DESC LIMIT $3
"""
_AMOUNT_HISTORY = {
    name: f"""
SELECT as_of, {name} AS value, revision, recorded_at, currency AS unit FROM ops.portfolio_valuation_latest
 WHERE portfolio_id = $1 AND basis = $2 AND ($3::timestamptz IS NULL OR as_of >= $3)
   AND ($4::timestamptz IS NULL OR as_of < $4) AND ($5::timestamptz IS NULL OR as_of > $5)
 ORDER BY as_of LIMIT $6
"""  # noqa: S608  names are those of AMOUNTS
    for name in AMOUNTS
}
_MEASURE_HISTORY = """
SELECT as_of, value, revision, recorded_at, unit FROM ops.risk_metric_latest
 WHERE portfolio_id = $1 AND basis = $2 AND ($3::timestamptz IS NULL OR as_of >= $3)
   AND ($4::timestamptz IS NULL OR as_of < $4) AND ($5::timestamptz IS NULL OR as_of > $5)
   AND measure = $7 AND (parameters NOT LIKE '%confidence_bp=%' OR ',' || parameters || ',' LIKE $8)
 ORDER BY as_of LIMIT $6
"""
_OFFICIAL = """
SELECT DISTINCT ON (portfolio_id) portfolio_id, basis, as_of, recorded_at, revision, valuation_id, currency,
       market_value, unrealized_pnl, unrealized_price_pnl, unrealized_fx_pnl,
       long_exposure, short_exposure, gross_exposure, net_exposure, coverage, fx_rates,
       realized_pnl, daily_pnl,
       members
  FROM ops.portfolio_valuation WHERE basis = 'bar' ORDER BY portfolio_id, as_of DESC, revision DESC
"""
_OFFICIAL_LINES = """
SELECT * FROM ops.position_valuation_latest
 WHERE portfolio_id = $1 AND as_of = $2 AND basis = 'bar' ORDER BY symbol
"""

_TRADE_COLUMNS = """
    fill_id AS trade_id, portfolio_id, symbol, quantity, price, currency, executed_at, seq, fee, recorded_at
"""
_TRADES_BY_ID = f"SELECT {_TRADE_COLUMNS} FROM ops.fill_latest WHERE fill_id = ANY($1)"  # noqa: S608
_TRADED_SYMBOLS = """
SELECT DISTINCT symbol FROM ops.fill_latest f WHERE portfolio_id = $1
   AND executed_at >= coalesce((SELECT max(p.as_of) FROM ops.position_latest p
                                 WHERE p.portfolio_id = $1 AND p.symbol = f.symbol), '-infinity')
 ORDER BY symbol
"""
_NEWEST_TRADES = f"""
SELECT {_TRADE_COLUMNS} FROM ops.fill_latest
 WHERE portfolio_id = $1
   AND ($2::timestamptz IS NULL OR (executed_at, seq, fill_id) < ($2, $3::bigint, $4::text))
 ORDER BY executed_at DESC, seq DESC, fill_id DESC LIMIT $5
"""  # noqa: S608  the columns are those above

# Without fees, as Basel wants it (MAR32.5); a day with an unknown position is unknown. A VaR of more than
# a week ago is no forecast.
_ACTUAL_DAYS = """
WITH days AS (
    SELECT date, sum(total + fees)::float8 AS pnl, bool_and(total IS NOT NULL) AS whole
      FROM ops.pnl_daily_latest WHERE portfolio_id = $1 GROUP BY date ORDER BY date DESC LIMIT $3
)
SELECT date, CASE WHEN whole THEN pnl END AS pnl, (
    SELECT value FROM ops.risk_metric_latest
     WHERE portfolio_id = $1 AND measure = 'historical_var' AND ',' || parameters || ',' LIKE $2
       AND as_of <= (date::timestamp AT TIME ZONE 'UTC')
       AND as_of > (date::timestamp AT TIME ZONE 'UTC') - interval '7 days'
     ORDER BY as_of DESC, basis LIMIT 1
) AS var
  FROM days ORDER BY date
"""

_VALUATION_AT = """
SELECT portfolio_id, basis, as_of, recorded_at, revision, valuation_id, currency,
       market_value, unrealized_pnl, unrealized_price_pnl, unrealized_fx_pnl,
       long_exposure, short_exposure, gross_exposure, net_exposure, coverage, fx_rates
  FROM ops.portfolio_valuation_latest WHERE portfolio_id = $1 AND basis = 'bar' AND as_of <= $2
 ORDER BY as_of DESC LIMIT 1
"""
_MEASURE_AT = """
SELECT value, definition FROM ops.risk_metric_latest
 WHERE portfolio_id = $1 AND as_of = $2 AND basis = 'bar' AND measure = $3
   AND ',' || parameters || ',' LIKE $4
"""


class Repository:
    """Reads of stored facts over one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.limits = LimitRepository(pool)
        self.pnl = PnlReader(pool)

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        await self._pool.fetchval("SELECT 1")

    async def bars_after(
        self,
        symbol: str,
        start: datetime | None,
        end: datetime | None,
        after: tuple[datetime, int] | None,
        limit: int,
        *,
        all_revisions: bool,
    ) -> list[Bar]:
        """Final bars with start <= window_start < end behind the key `after`, oldest first."""
        window, revision = after or (None, 0)
        rows = await self._pool.fetch(
            _BARS[all_revisions] + _AFTER, symbol, start, end, window, revision, limit
        )
        return [_bar(row) for row in rows]

    async def newest_bars(
        self, symbol: str, end: datetime | None, limit: int, *, all_revisions: bool
    ) -> list[Bar]:
        """The last final bars with window_start < end, oldest first."""
        rows = await self._pool.fetch(_BARS[all_revisions] + _NEWEST, symbol, end, limit)
        return [_bar(row) for row in reversed(rows)]

    async def amount_history(
        self,
        portfolio_id: str,
        metric: str,
        basis: str,
        span: tuple[datetime | None, datetime | None],
        after: datetime | None,
        limit: int,
    ) -> tuple[list[HistoryPoint], str | None]:
        """Stored amounts (metric is one of AMOUNTS) in [from, to) behind `after`, and their currency."""
        rows = await self._pool.fetch(_AMOUNT_HISTORY[metric], portfolio_id, basis, *span, after, limit)
        return _history(rows)

    async def measure_history(
        self,
        portfolio_id: str,
        measure: str,
        confidence_bp: int,
        basis: str,
        span: tuple[datetime | None, datetime | None],
        after: datetime | None,
        limit: int,
    ) -> tuple[list[HistoryPoint], str | None]:
        """The same for a risk measure; confidence_bp chooses where there are several confidences."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        rows = await self._pool.fetch(
            _MEASURE_HISTORY, portfolio_id, basis, *span, after, limit, measure, chosen
        )
        return _history(rows)

    async def actual_days(self, portfolio_id: str, confidence_bp: int, days: int) -> tuple[ActualDay, ...]:
        """The newest frozen days with the historical VaR reported before each, oldest first."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        rows = await self._pool.fetch(_ACTUAL_DAYS, portfolio_id, chosen, days)
        return tuple(ActualDay(date=row["date"], pnl=row["pnl"], var=row["var"]) for row in rows)

    async def official_at(self, portfolio_id: str, moment: datetime) -> Valuation | None:
        """The newest official value at or before a moment."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await conn.fetchrow(_VALUATION_AT, portfolio_id, moment)
            if row is None:
                return None
            return _valuation(row, await conn.fetch(_OFFICIAL_LINES, portfolio_id, row["as_of"]))

    async def measure_at(
        self, portfolio_id: str, as_of: datetime, measure: str, confidence_bp: int
    ) -> tuple[float | None, int | None]:
        """A stored official risk number and the version of its definition; nulls when there is none."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        row = await self._pool.fetchrow(_MEASURE_AT, portfolio_id, as_of, measure, chosen)
        return (None, None) if row is None else (row["value"], row["definition"])

    async def trades_by_id(self, ids: Sequence[str]) -> dict[str, Trade]:
        """Stored trades among these ids."""
        rows = await self._pool.fetch(_TRADES_BY_ID, list(ids))
        return {row["trade_id"]: msgspec.convert(dict(row), Trade) for row in rows}

    async def traded_symbols(self, portfolio_id: str) -> list[str]:
        """Symbols traded since their position was loaded last, or never loaded."""
        rows = await self._pool.fetch(_TRADED_SYMBOLS, portfolio_id)
        return [row["symbol"] for row in rows]

    async def newest_trades(
        self, portfolio_id: str, before: tuple[datetime, int, str] | None, limit: int
    ) -> list[Trade]:
        """Trades before the key (executed_at, seq, id), newest first."""
        moment, seq, name = before or (None, 0, "")
        rows = await self._pool.fetch(_NEWEST_TRADES, portfolio_id, moment, seq, name, limit)
        return [msgspec.convert(dict(row), Trade) for row in rows]

    async def official_valuations(self) -> list[Valuation]:
        """The newest official value of every portfolio, from one snapshot of the database."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await conn.fetch(_OFFICIAL)
            return [
                _valuation(row, await conn.fetch(_OFFICIAL_LINES, row["portfolio_id"], row["as_of"]))
                for row in rows
            ]


def _bar(row: Mapping[str, Any]) -> Bar:
    return msgspec.convert(dict(row), Bar)


def _history(rows: list[asyncpg.Record]) -> tuple[list[HistoryPoint], str | None]:
    points = [
        HistoryPoint(
            as_of=row["as_of"], value=row["value"], revision=row["revision"], recorded_at=row["recorded_at"]
        )
        for row in rows
    ]
    return points, rows[0]["unit"] if rows else None


def _valuation(row: Mapping[str, Any], lines: list[asyncpg.Record]) -> Valuation:
    # Both are the columns of the message; what the tables have more is ignored.
    return msgspec.convert({**row, "positions": [dict(line) for line in lines]}, Valuation)
