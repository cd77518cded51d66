"""SQL of limits: definitions and actions are appended, events and history are read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from api_gateway.core.limits import LARGEST_BACKTEST, LimitFile, action_row
from api_gateway.core.past import Moment
from api_gateway.schemas.limits import LimitAction, LimitActionIn, LimitBacktestIn, LimitDefinition
from contracts import LimitEvent
from quant.limits import limit_measure
from store.bulk import append_revisions, insert_rows
from store.database import Connection, run_transaction
from store.tables import LimitAction as LimitActionRow
from store.tables import LimitDefinition as LimitDefinitionRow
from store.tables import canonical_parameters

_EVENTS = """
SELECT * FROM ops.limit_event
 WHERE ($1::text IS NULL OR portfolio_id = $1) AND ($2::text IS NULL OR limit_id = $2)
   AND ($3::timestamptz IS NULL OR (as_of, event_id) < ($3, $4))
   AND as_of <= coalesce($6::timestamptz, 'infinity') AND recorded_at <= coalesce($7::timestamptz, 'infinity')
 ORDER BY as_of DESC, event_id DESC LIMIT $5
"""
_STATES = """
SELECT DISTINCT ON (limit_id) * FROM ops.limit_event
 WHERE as_of <= coalesce($1::timestamptz, 'infinity') AND recorded_at <= coalesce($2::timestamptz, 'infinity')
 ORDER BY limit_id, sequence DESC
"""
_DEFINITION = "SELECT * FROM ops.limit_definition WHERE limit_id = $1 ORDER BY revision"
_ACTIONS = "SELECT * FROM ops.limit_action WHERE limit_id = $1 ORDER BY recorded_at, action_id"
_BREACH = """
SELECT breach_id, armed_state FROM ops.limit_event
 WHERE limit_id = $1 AND breach_id IS NOT NULL AND ($2::text IS NULL OR breach_id = $2)
 ORDER BY sequence DESC LIMIT 1
"""
_SPAN = """portfolio_id = $1 AND basis = $2 AND ($3::timestamptz IS NULL OR as_of >= $3)
   AND ($4::timestamptz IS NULL OR as_of < $4)"""
_MEASURE = f"""
SELECT m.as_of, m.value, v.coverage
  FROM (SELECT as_of, value FROM ops.risk_metric_latest
         WHERE {_SPAN} AND measure = $6 AND parameters = $7) AS m
  LEFT JOIN (SELECT as_of, coverage FROM ops.portfolio_valuation_latest WHERE {_SPAN}) AS v USING (as_of)
 ORDER BY m.as_of LIMIT $5
"""  # noqa: S608  constants above
_AMOUNTS = {
    "gross": "gross_exposure::float8",
    "net": "abs(net_exposure::float8)",
    "long": "long_exposure::float8",
    "short": "abs(short_exposure::float8)",
    "leverage": "CASE WHEN market_value > 0 THEN (gross_exposure / market_value)::float8 END",
    "daily_loss": "CASE WHEN (daily_pnl->>'unknown')::int = 0 THEN -(daily_pnl->>'total')::float8 END",
    "share_of_gross": "CASE WHEN gross_exposure > 0 THEN 100.0::float8 END",
}
_WHOLE = {
    name: f"""
SELECT as_of, {expression} AS value, coverage FROM ops.portfolio_valuation_latest
 WHERE {_SPAN} ORDER BY as_of LIMIT $5
"""  # noqa: S608  constants above
    for name, expression in _AMOUNTS.items()
}
_LABELS = {
    "asset": "symbol",
    "asset_class": "asset_class",
    "sector": "coalesce(sector, 'Unclassified')",
    "issuer": "coalesce(issuer, symbol)",
}
_SUMS = {
    "gross": "sum(abs(market_value_base)) FILTER (WHERE mine)",
    "net": "abs(sum(market_value_base) FILTER (WHERE mine))",
    "long": "sum(greatest(market_value_base, 0)) FILTER (WHERE mine)",
    "short": "-sum(least(market_value_base, 0)) FILTER (WHERE mine)",
    "share_of_gross": "100 * sum(abs(market_value_base)) FILTER (WHERE mine) "
    "/ nullif(sum(abs(market_value_base)), 0)",
}
_PARTS = {
    (scope, measure): f"""
SELECT as_of, coalesce({total}, 0)::float8 AS value,
       jsonb_build_object('positions', count(*) FILTER (WHERE mine),
                          'priced', count(market_value_base) FILTER (WHERE mine),
                          'stale', count(*) FILTER (WHERE mine AND stale AND market_value_base IS NOT NULL)
       ) AS coverage
  FROM (SELECT *, {label} = $6 AS mine FROM ops.position_valuation_latest WHERE {_SPAN}) AS held
 GROUP BY as_of ORDER BY as_of LIMIT $5
"""  # noqa: S608  constants above
    for scope, label in _LABELS.items()
    for measure, total in _SUMS.items()
}


class NoHistory(ValueError):
    """What was asked for is not stored in a form that a limit could be replayed over."""


class NameTaken(Exception):
    """A limit of this name is on a portfolio beyond the caller's reach."""


class LimitRepository:
    """Limits in schema ops over the gateway's pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def define(self, row: dict[str, Any]) -> LimitDefinition:
        """Append the definition if it differs from its latest revision; the latest one afterwards.

        Raises: NameTaken for a limit on a portfolio that the caller does not see.
        """

        async def write(conn: Connection) -> Mapping[str, Any]:
            await append_revisions(conn, LimitDefinitionRow, [row])
            return (await conn.fetch(_DEFINITION, row["limit_id"]))[-1]

        try:
            return _definition(await run_transaction(self._pool, write))
        except asyncpg.UniqueViolationError as error:
            raise NameTaken(row["limit_id"]) from error

    async def definitions(self, limit_id: str) -> tuple[LimitDefinition, ...]:
        """Every revision, oldest first."""
        return tuple(_definition(row) for row in await self._pool.fetch(_DEFINITION, limit_id))

    async def actions(self, limit_id: str) -> tuple[LimitAction, ...]:
        """Every action, oldest first."""
        return tuple(_action(row) for row in await self._pool.fetch(_ACTIONS, limit_id))

    async def act(self, limit_id: str, asked: LimitActionIn, recorded_at: datetime) -> LimitAction:
        """Append an action if it may be done now; two at once are settled one after the other.

        Raises: core.limits.Refusal.
        """

        async def write(conn: Connection) -> dict[str, Any]:
            await conn.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"limit_action/{limit_id}")
            definitions = await conn.fetch(_DEFINITION, limit_id)
            breach = await conn.fetchrow(_BREACH, limit_id, asked.breach_id)
            file = LimitFile(
                definition=definitions[-1] if definitions else None,
                breach_id=None if breach is None else breach["breach_id"],
                cured=breach is not None and breach["armed_state"] != "BREACH",
                actions=await conn.fetch(_ACTIONS, limit_id),
            )
            row = action_row(limit_id, asked, file, recorded_at)
            await insert_rows(conn, LimitActionRow, [row])
            return row

        async with self._pool.acquire() as conn, conn.transaction():
            return _action(await write(conn))

    async def events(
        self,
        portfolio_id: str | None,
        limit_id: str | None,
        after: tuple[datetime, str] | None,
        limit: int,
        past: Moment,
    ) -> list[LimitEvent]:
        """Events up to a moment and behind the key `after`, the newest by market time first."""
        moment, event_id = after or (None, "")
        key = (portfolio_id, limit_id, moment, event_id, limit)
        return [_event(row) for row in await self._pool.fetch(_EVENTS, *key, past.as_of, past.known_at)]

    async def states(self, past: Moment) -> dict[str, LimitEvent]:
        """The newest event of every limit at a moment."""
        rows = await self._pool.fetch(_STATES, past.as_of, past.known_at)
        return {row["limit_id"]: _event(row) for row in rows}

    async def history(self, asked: LimitBacktestIn) -> list[tuple[datetime, float | None]]:
        """Stored values of what a proposed limit measures; None where too little was covered.

        Raises: NoHistory.
        """
        rows = await self._pool.fetch(*_history_query(asked))
        needed = 1.0 if asked.minimum_coverage is None else asked.minimum_coverage
        return [(row["as_of"], row["value"] if _covered(row["coverage"], needed) else None) for row in rows]


def _history_query(asked: LimitBacktestIn) -> tuple[Any, ...]:
    span = (asked.portfolio_id, asked.basis, asked.start, asked.end, LARGEST_BACKTEST)
    row = limit_measure(asked.measure, asked.parameters)
    if asked.scope != "portfolio":
        sql = _PARTS.get((asked.scope, asked.measure))
        if sql is None:
            offered = ", ".join(_SUMS), ", ".join(_LABELS)
            raise NoHistory(f"of a part of a portfolio only {offered[0]} by {offered[1]} have a history")
        return sql, *span, asked.scope_value
    if row is None:
        return _WHOLE[asked.measure], *span
    return _MEASURE, *span, row.name, canonical_parameters(dict(row.parameters))


def _covered(coverage: Mapping[str, Any] | None, needed: float) -> bool:
    if coverage is None:
        return True
    positions = coverage["positions"]
    return not positions or (coverage["priced"] - coverage["stale"]) / positions >= needed


def _event(row: Mapping[str, Any]) -> LimitEvent:
    return LimitEvent(**{name: row[name] for name in LimitEvent.__struct_fields__})


def _definition(row: Mapping[str, Any]) -> LimitDefinition:
    return LimitDefinition(**{name: row[name] for name in LimitDefinition.__struct_fields__})


def _action(row: Mapping[str, Any]) -> LimitAction:
    return LimitAction(**{name: row[name] for name in LimitAction.__struct_fields__})
