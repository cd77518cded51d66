"""Limits in schema ops: definitions and actions are read, events are written and are the state."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from chassis.logs import get_logger
from contracts import LimitEvent
from quant.limit_lifecycle import LimitRaise
from quant.limits import LimitLevels, check_limit
from risk.core.limits.definitions import (
    DEFAULT_AGE_S,
    DEFAULT_COVERAGE,
    DEFAULT_HYSTERESIS,
    Deed,
    Definition,
    LimitBooks,
    parameters_of,
)
from store.bulk import insert_rows
from store.database import Connection, run_transaction
from store.tables import LimitEvent as LimitEventRow

log = get_logger(__name__)

# Both are only ever appended to, so that the counts change with every change.
VERSION = """
SELECT (SELECT count(*) FROM ops.limit_definition) AS definitions,
       (SELECT count(*) FROM ops.limit_action) AS actions
"""
DEFINITIONS = "SELECT * FROM ops.limit_definition_latest WHERE active ORDER BY limit_id"
ACTIONS = "SELECT * FROM ops.limit_action ORDER BY recorded_at, action_id"
# From the event that opened the newest breach of a limit on, or its newest event: what its state is made of.
STATES = """
SELECT e.* FROM ops.limit_event e JOIN (
    SELECT limit_id, coalesce(max(sequence) FILTER (WHERE event_id = breach_id), max(sequence)) AS first
    FROM ops.limit_event GROUP BY limit_id
) AS newest ON e.limit_id = newest.limit_id AND e.sequence >= newest.first
ORDER BY e.limit_id, e.sequence
"""
RECENT = """
SELECT * FROM ops.limit_event
WHERE recorded_at > (SELECT max(recorded_at) FROM ops.limit_event) - $1::interval
ORDER BY recorded_at, limit_id, sequence
"""
STORED = "SELECT * FROM ops.limit_event WHERE event_id = ANY($1)"


class OtherWriter(RuntimeError):
    """Another process has recorded a different event under the same number: stop, never retry."""


class LimitStore:
    """Limits in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def version(self) -> str:
        """Changes with every definition and action stored."""
        return await run_transaction(self._pool, _read_version)

    async def load(self) -> LimitBooks:
        """All active limits and all actions, as one snapshot."""
        return await run_transaction(self._pool, _read_books, isolation="repeatable_read")

    async def states(self) -> list[LimitEvent]:
        """The events that make the present states, in order."""
        return [to_message(row) for row in await self._pool.fetch(STATES)]

    async def recent(self, span: timedelta) -> list[LimitEvent]:
        """Events recorded within `span` of the newest one, oldest first."""
        return [to_message(row) for row in await self._pool.fetch(RECENT, span)]

    async def record(self, events: Sequence[LimitEvent]) -> None:
        """Store events in one transaction; harmless when repeated.

        Raises: OtherWriter when the number of an event is taken by a different one.
        """

        async def write(conn: Connection) -> None:
            await insert_rows(conn, LimitEventRow, [to_row(event) for event in events])
            stored = await conn.fetch(STORED, [event.event_id for event in events])
            found = {row["event_id"]: (row["state"], row["as_of"], row["recorded_at"]) for row in stored}
            for event in events:
                if found.get(event.event_id) != (event.state, event.as_of, event.recorded_at):
                    raise OtherWriter(f"limit event {event.event_id} was recorded by another process")

        if events:
            await run_transaction(self._pool, write)


def to_row(event: LimitEvent) -> dict[str, Any]:
    """An event as a row of ops.limit_event."""
    return {**msgspec.structs.asdict(event), "revision": 1}


def to_message(row: Mapping[str, Any]) -> LimitEvent:
    """The inverse of `to_row`."""
    return LimitEvent(**{name: row[name] for name in LimitEvent.__struct_fields__})


async def _read_version(conn: Connection) -> str:
    row = await conn.fetchrow(VERSION)
    assert row is not None, "an aggregate without GROUP BY returns one row"
    return f"{row['definitions']}/{row['actions']}"


async def _read_books(conn: Connection) -> LimitBooks:
    actions = await conn.fetch(ACTIONS)
    return LimitBooks(
        version=await _read_version(conn),
        definitions=tuple(_definitions(await conn.fetch(DEFINITIONS))),
        raises=to_raises(actions),
        deeds=_deeds(actions),
    )


def _definitions(rows: Sequence[Mapping[str, Any]]) -> Iterator[Definition]:
    """One wrong limit must not stop the others; it is refused aloud."""
    for row in rows:
        try:
            yield to_definition(row)
        except ValueError as error:
            log.error("limit cannot be evaluated, left out", limit_id=row["limit_id"], error=str(error))


def to_definition(row: Mapping[str, Any]) -> Definition:
    """A stored definition; nulls mean the defaults. Raises ValueError for one that cannot be evaluated."""
    parameters = parameters_of(row["parameters"])
    check_limit(row["measure"], parameters, row["scope"], row["scope_value"])
    return Definition(
        limit_id=row["limit_id"],
        portfolio_id=row["portfolio_id"],
        scope=row["scope"],
        scope_value=row["scope_value"] or None,
        measure=row["measure"],
        parameters=parameters,
        levels=LimitLevels(
            row["hard_level"], row["warning_level"], _or(row["hysteresis"], DEFAULT_HYSTERESIS)
        ),
        minimum_coverage=_or(row["minimum_coverage"], DEFAULT_COVERAGE),
        max_age_s=_or(row["max_age_s"], DEFAULT_AGE_S),
        escalate_after_s=row["escalate_after_s"],
    )


def to_raises(actions: Sequence[Mapping[str, Any]]) -> dict[str, list[LimitRaise]]:
    """Raises asked for, by limit; with their approval where there is one."""
    approved = {row["raise_id"]: row["actor"] for row in actions if row["action"] == "approve_raise"}
    found: dict[str, list[LimitRaise]] = defaultdict(list)
    for row in actions:
        if row["action"] == "request_raise":
            found[row["limit_id"]].append(
                LimitRaise(
                    row["action_id"],
                    row["level"],
                    row["expires_at"],
                    row["actor"],
                    approved.get(row["action_id"]),
                )
            )
    return dict(found)


def _deeds(actions: Sequence[Mapping[str, Any]]) -> dict[str, list[Deed]]:
    found: dict[str, list[Deed]] = defaultdict(list)
    for row in actions:
        if row["breach_id"] is not None:
            found[row["breach_id"]].append(Deed(row["action"], row["actor"], row["note"], row["recorded_at"]))
    return dict(found)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
