"""Limits in schema ops: definitions and actions are read, events are written and are the state."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from contracts import LimitEvent
from measuring.adapters.limits import read_limits, read_limits_version
from measuring.core.definitions import LimitBooks
from store.bulk import insert_rows
from store.database import Connection, run_transaction
from store.fence import OwnerFence
from store.tables import LimitEvent as LimitEventRow

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

    def __init__(self, pool: asyncpg.Pool, fence: OwnerFence) -> None:
        self._pool = pool
        self._fence = fence

    async def version(self) -> str:
        """Changes with every definition and action stored."""
        return await run_transaction(self._pool, read_limits_version)

    async def load(self) -> LimitBooks:
        """All active limits and all actions, as one snapshot."""
        return await run_transaction(self._pool, read_limits, isolation="repeatable_read")

    async def states(self) -> list[LimitEvent]:
        """The events that make the present states, in order."""
        return [to_message(row) for row in await self._pool.fetch(STATES)]

    async def recent(self, span: timedelta) -> list[LimitEvent]:
        """Events recorded within `span` of the newest one, oldest first."""
        return [to_message(row) for row in await self._pool.fetch(RECENT, span)]

    async def record(self, events: Sequence[LimitEvent]) -> None:
        """Store events in one transaction; harmless when repeated.

        Raises: OtherWriter when the number of an event is taken by a different one; Fenced when another
        process has taken over.
        """

        async def write(conn: Connection) -> None:
            await self._fence.hold(conn)
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
