"""Official values and risk as stored: the newest at a market time, in the revision known at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from api_gateway.core.past import NOW, Moment
from contracts import Instrument, Measure, Portfolio, RiskReport, Valuation
from store.database import Connection

_COLUMNS = """
    portfolio_id, basis, as_of, recorded_at, revision, valuation_id, currency,
    market_value, unrealized_pnl, unrealized_price_pnl, unrealized_fx_pnl,
    long_exposure, short_exposure, gross_exposure, net_exposure, coverage, fx_rates,
    realized_pnl, daily_pnl, members
"""
_VALUE = f"""
SELECT {_COLUMNS} FROM ops.portfolio_valuation
 WHERE portfolio_id = $1 AND basis = 'bar' AND as_of <= coalesce($2::timestamptz, 'infinity')
   AND recorded_at <= coalesce($3::timestamptz, 'infinity')
 ORDER BY as_of DESC, revision DESC LIMIT 1
"""  # noqa: S608  the columns are those above
_NEWEST = f"""
SELECT DISTINCT ON (portfolio_id) {_COLUMNS} FROM ops.portfolio_valuation WHERE basis = 'bar'
 ORDER BY portfolio_id, as_of DESC, revision DESC
"""  # noqa: S608  the columns are those above
# By revision: a position that a restatement has taken out of the book has an older line only.
_LINES = """
SELECT * FROM ops.position_valuation
 WHERE portfolio_id = $1 AND as_of = $2 AND basis = 'bar' AND revision = $3 ORDER BY symbol
"""
_RISK_TIME = """
SELECT max(as_of) FROM ops.risk_metric
 WHERE portfolio_id = $1 AND basis = 'bar' AND as_of <= coalesce($2::timestamptz, 'infinity')
   AND recorded_at <= coalesce($3::timestamptz, 'infinity')
"""
_MEASURES = """
SELECT DISTINCT ON (measure, parameters) measure, parameters, value, unit, details, reason, definition,
       valuation_id, recorded_at, evidence->>'history_version' AS history_version
  FROM ops.risk_metric
 WHERE portfolio_id = $1 AND as_of = $2 AND basis = 'bar'
   AND recorded_at <= coalesce($3::timestamptz, 'infinity')
 ORDER BY measure, parameters, revision DESC
"""
_MEASURE_AT = """
SELECT value, definition FROM ops.risk_metric_latest
 WHERE portfolio_id = $1 AND as_of = $2 AND basis = 'bar' AND measure = $3
   AND ',' || parameters || ',' LIKE $4
"""
_VERSION = """
   AND valid_from <= coalesce($1::timestamptz, 'infinity')
   AND recorded_at <= coalesce($2::timestamptz, 'infinity')
"""
_INSTRUMENT = f"""
SELECT * FROM ops.instrument WHERE symbol = $3 {_VERSION} ORDER BY revision DESC LIMIT 1
"""  # noqa: S608  constants above
_PORTFOLIOS = f"""
SELECT DISTINCT ON (portfolio_id) * FROM ops.portfolio WHERE true {_VERSION}
 ORDER BY portfolio_id, revision DESC
"""  # noqa: S608  constants above


class PastReader:
    """Reads of stored values and risk over one pool. Live values are not stored, official ones are."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def valuation(self, portfolio_id: str, moment: Moment = NOW) -> Valuation | None:
        """The newest official value at or before the moment."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await _value_at(conn, portfolio_id, moment)

    async def newest_valuations(self) -> list[Valuation]:
        """The newest official value of every portfolio, from one snapshot of the database."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            return [await _with_lines(conn, row) for row in await conn.fetch(_NEWEST)]

    async def instrument(self, symbol: str, moment: Moment) -> Instrument | None:
        """The newest version of an instrument that was valid and known at the moment."""
        row = await self._pool.fetchrow(_INSTRUMENT, moment.as_of, moment.known_at, symbol)
        return None if row is None else msgspec.convert(dict(row), Instrument)

    async def portfolios(self, moment: Moment) -> dict[str, Portfolio]:
        """The portfolios that were valid and known at the moment, as they were."""
        rows = await self._pool.fetch(_PORTFOLIOS, moment.as_of, moment.known_at)
        return {row["portfolio_id"]: msgspec.convert(dict(row), Portfolio) for row in rows}

    async def report(self, portfolio_id: str, moment: Moment) -> tuple[RiskReport, Valuation] | None:
        """The newest official risk at or before the moment, and the value at its market time."""
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            as_of: datetime | None = await conn.fetchval(
                _RISK_TIME, portfolio_id, moment.as_of, moment.known_at
            )
            if as_of is None:
                return None
            valuation = await _value_at(conn, portfolio_id, Moment(as_of, moment.known_at))
            if valuation is None or valuation.as_of != as_of:
                return None
            rows = await conn.fetch(_MEASURES, portfolio_id, as_of, moment.known_at)
        return _report(valuation, rows), valuation

    async def measure(
        self, portfolio_id: str, as_of: datetime, measure: str, confidence_bp: int
    ) -> tuple[float | None, int | None]:
        """A stored official risk number and the version of its definition; nulls when there is none."""
        chosen = f"%,confidence_bp={confidence_bp},%"
        row = await self._pool.fetchrow(_MEASURE_AT, portfolio_id, as_of, measure, chosen)
        return (None, None) if row is None else (row["value"], row["definition"])


async def _value_at(conn: Connection, portfolio_id: str, moment: Moment) -> Valuation | None:
    row = await conn.fetchrow(_VALUE, portfolio_id, moment.as_of, moment.known_at)
    return None if row is None else await _with_lines(conn, row)


async def _with_lines(conn: Connection, row: Mapping[str, Any]) -> Valuation:
    lines = await conn.fetch(_LINES, row["portfolio_id"], row["as_of"], row["revision"])
    # Both are the columns of the message; what the tables have more is ignored.
    return msgspec.convert({**row, "positions": [dict(line) for line in lines]}, Valuation)


def _report(valuation: Valuation, rows: list[asyncpg.Record]) -> RiskReport:
    # What a restatement leaves as it was gets no row: the newest row names the newest value measured.
    newest = max(rows, key=lambda row: row["recorded_at"])
    return RiskReport(
        portfolio_id=valuation.portfolio_id,
        valuation_id=newest["valuation_id"],
        as_of=valuation.as_of,
        recorded_at=newest["recorded_at"],
        currency=valuation.currency,
        basis="bar",
        market_value=valuation.market_value,
        coverage=valuation.coverage,
        history_version=newest["history_version"] or "",
        measures=tuple(_measure(dict(row)) for row in rows),
    )


def _measure(row: Mapping[str, Any]) -> Measure:
    parameters = dict(part.split("=", 1) for part in row["parameters"].split(",") if part)
    return msgspec.convert({**row, "parameters": parameters}, Measure)
