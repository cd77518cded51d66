"""Reads one number of a portfolio over market time. Every statement has a fixed text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from api_gateway.core.history import Stored

AMOUNTS = (
    "market_value",
    "unrealized_pnl",
    "unrealized_price_pnl",
    "unrealized_fx_pnl",
    "realized_pnl",
    "long_exposure",
    "short_exposure",
    "gross_exposure",
    "net_exposure",
)
"""Numbers of a valuation that have a history; names are columns of ops.portfolio_valuation."""

_SPAN = """portfolio_id = $1 AND basis = $2 AND ($3::timestamptz IS NULL OR as_of >= $3)
   AND ($4::timestamptz IS NULL OR as_of < $4) AND ($5::timestamptz IS NULL OR as_of > $5)
   AND recorded_at <= coalesce($6::timestamptz, 'infinity')"""
_AMOUNT = {
    name: f"""
SELECT DISTINCT ON (as_of) as_of, {name} AS value, revision, recorded_at, currency AS unit, currency, fx_rates
  FROM ops.portfolio_valuation WHERE {_SPAN} ORDER BY as_of, revision DESC LIMIT $7
"""  # noqa: S608  names are those of AMOUNTS
    for name in AMOUNTS
}
_MEASURE = f"""
SELECT m.*, v.currency, v.fx_rates FROM (
    SELECT DISTINCT ON (as_of) as_of, value, revision, recorded_at, unit FROM ops.risk_metric
     WHERE {_SPAN} AND measure = $8
       AND (parameters NOT LIKE '%confidence_bp=%' OR ',' || parameters || ',' LIKE $9)
     ORDER BY as_of, parameters, revision DESC LIMIT $7
) AS m LEFT JOIN LATERAL (
    SELECT currency, fx_rates FROM ops.portfolio_valuation
     WHERE portfolio_id = $1 AND as_of = m.as_of AND basis = $2
       AND recorded_at <= coalesce($6::timestamptz, 'infinity')
     ORDER BY revision DESC LIMIT 1
) AS v ON true ORDER BY m.as_of
"""  # noqa: S608  constants above


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a history: [from, to) behind `after`, as known at a time, at most `limit` points."""

    portfolio_id: str
    basis: str
    span: tuple[datetime | None, datetime | None]
    after: datetime | None
    known_at: datetime | None
    limit: int

    def arguments(self) -> tuple[Any, ...]:
        return self.portfolio_id, self.basis, *self.span, self.after, self.known_at, self.limit


class HistoryReader:
    """Reads of stored amounts and risk numbers over one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def amounts(self, metric: str, part: Part) -> list[Stored]:
        """Stored amounts; metric is one of AMOUNTS."""
        return [_stored(row) for row in await self._pool.fetch(_AMOUNT[metric], *part.arguments())]

    async def measures(self, measure: str, confidence_bp: int, part: Part) -> list[Stored]:
        """A risk measure; confidence_bp chooses where there are several confidences."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        rows = await self._pool.fetch(_MEASURE, *part.arguments(), measure, chosen)
        return [_stored(row) for row in rows]


def _stored(row: Mapping[str, Any]) -> Stored:
    return Stored(**row)
