"""The readers of stored facts, and what fits none of them. Every statement has a fixed text."""

import datetime as dt
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from api_gateway.adapters.bars import BarReader
from api_gateway.adapters.evidence import EvidenceReader
from api_gateway.adapters.history import HistoryReader
from api_gateway.adapters.limit_repository import LimitRepository
from api_gateway.adapters.past import PastReader
from api_gateway.adapters.pnl import PnlReader
from api_gateway.core.past import Moment
from contracts import Trade
from contracts.analysis.backtest import ActualDay
from reports.catalog import Report, make_report

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
SELECT {_TRADE_COLUMNS} FROM (
    SELECT DISTINCT ON (fill_id) * FROM ops.fill
     WHERE portfolio_id = $1 AND recorded_at <= coalesce($7::timestamptz, 'infinity')
     ORDER BY fill_id, revision DESC) AS known
 WHERE executed_at <= coalesce($6::timestamptz, 'infinity')
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


class Repository:
    """Reads of stored facts over one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.bars = BarReader(pool)
        self.evidence = EvidenceReader(pool)
        self.history = HistoryReader(pool)
        self.limits = LimitRepository(pool)
        self.past = PastReader(pool)
        self.pnl = PnlReader(pool)

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        await self._pool.fetchval("SELECT 1")

    async def report(
        self, name: str, date: dt.date, known_at: datetime | None, portfolio_ids: Sequence[str] | None
    ) -> Report:
        """A finance report of these portfolios. Raises ReportUnavailable when the warehouse cannot tell."""
        return await make_report(self._pool, name, date, known_at, portfolio_ids)

    async def actual_days(self, portfolio_id: str, confidence_bp: int, days: int) -> tuple[ActualDay, ...]:
        """The newest frozen days with the historical VaR reported before each, oldest first."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        rows = await self._pool.fetch(_ACTUAL_DAYS, portfolio_id, chosen, days)
        return tuple(ActualDay(date=row["date"], pnl=row["pnl"], var=row["var"]) for row in rows)

    async def trades_by_id(self, ids: Sequence[str]) -> dict[str, Trade]:
        """Stored trades among these ids."""
        rows = await self._pool.fetch(_TRADES_BY_ID, list(ids))
        return {row["trade_id"]: msgspec.convert(dict(row), Trade) for row in rows}

    async def traded_symbols(self, portfolio_id: str) -> list[str]:
        """Symbols traded since their position was loaded last, or never loaded."""
        rows = await self._pool.fetch(_TRADED_SYMBOLS, portfolio_id)
        return [row["symbol"] for row in rows]

    async def newest_trades(
        self, portfolio_id: str, before: tuple[datetime, int, str] | None, limit: int, past: Moment
    ) -> list[Trade]:
        """Trades up to a moment and before the key (executed_at, seq, id), newest first."""
        moment, seq, name = before or (None, 0, "")
        key = (portfolio_id, moment, seq, name, limit)
        rows = await self._pool.fetch(_NEWEST_TRADES, *key, past.as_of, past.known_at)
        return [msgspec.convert(dict(row), Trade) for row in rows]
