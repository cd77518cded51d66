"""Consumer offsets in PostgreSQL, moved in the same transaction as the data they stand for.

A process claims its partitions by raising their owner epoch. From then on an older process, which may have
been paused and not know that it was replaced, cannot move an offset: its compare-and-set changes no row, its
transaction is rolled back and it must stop. Writes that belong to no offset are guarded by the epoch alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

import asyncpg

from store.database import CONNECT_TIMEOUT_S, Connection, attempts

Partition = tuple[str, int]
"""Topic and partition number."""

Moves = Mapping[Partition, tuple[int, int]]
"""For each partition the offset that must be stored now and the one to store."""

_CLAIM = """
INSERT INTO ops.stream_offset AS s (grp, topic, part, next_offset, owner_epoch)
VALUES ($1, $2, $3, 0, 1)
ON CONFLICT (grp, topic, part) DO UPDATE SET owner_epoch = s.owner_epoch + 1, updated_at = now()
RETURNING next_offset, owner_epoch
"""
_ADVANCE = """
UPDATE ops.stream_offset SET next_offset = $5, updated_at = now()
 WHERE grp = $1 AND topic = $2 AND part = $3 AND next_offset = $4 AND owner_epoch = $6
RETURNING true
"""
_STORED = "SELECT next_offset, owner_epoch FROM ops.stream_offset WHERE grp = $1 AND topic = $2 AND part = $3"
_HOLD = """
SELECT true FROM ops.stream_offset WHERE grp = $1 AND topic = $2 AND part = $3 AND owner_epoch = $4 FOR SHARE
"""


class Fenced(RuntimeError):
    """Another process owns the partition, or the stored offset is not the expected one: stop, never retry"""


class OffsetFence:
    """The stored offsets of one consumer group, as owned by this process."""

    def __init__(self, group: str) -> None:
        self.group = group
        self._epochs: dict[Partition, int] = {}

    async def claim(self, conn: Connection, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Take ownership of partitions; returns the next offset to read of each, 0 for one never read."""
        offsets: dict[Partition, int] = {}
        async with conn.transaction():
            # Sorted, so that two processes that claim at once cannot deadlock.
            for topic, part in sorted(set(partitions)):
                row = await conn.fetchrow(_CLAIM, self.group, topic, part)
                assert row is not None, "INSERT .. ON CONFLICT DO UPDATE returns the row"
                offsets[topic, part] = row["next_offset"]
                self._epochs[topic, part] = row["owner_epoch"]
        return offsets

    async def advance(self, conn: Connection, moves: Moves) -> None:
        """Move offsets inside the caller's transaction.

        Raises: Fenced when a partition was not claimed, is owned by a newer process, or is not at `expected`.
        """
        for (topic, part), (expected, new) in sorted(moves.items()):
            epoch = self._epochs.get((topic, part))
            if epoch is None:
                raise Fenced(f"group {self.group} never claimed {topic}[{part}]: call claim() first")
            if not await conn.fetchval(_ADVANCE, self.group, topic, part, expected, new, epoch):
                raise Fenced(await self._explain(conn, topic, part, expected, epoch))

    async def hold(self, conn: Connection, partition: Partition) -> None:
        """Make sure, inside the caller's transaction and until its end, that a partition is ours.

        Raises: Fenced when it was not claimed, or is owned by a newer process.
        """
        epoch = self._epochs.get(partition)
        if epoch is None or not await conn.fetchval(_HOLD, self.group, *partition, epoch):
            raise Fenced(f"{self.group} {partition[0]}: another process took over, this one must stop")

    async def apply(
        self, pool: asyncpg.Pool, moves: Moves, write: Callable[[Connection], Awaitable[object]]
    ) -> None:
        """Write data and move its offsets in one transaction, exactly once, also when the session is lost.

        A COMMIT whose answer was lost is settled by reading the offsets: moved is done, unmoved is repeated.
        Raises: Fenced; or the connection error after about 8 seconds without a database.
        """

        async for attempt in attempts():
            with attempt:
                async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as conn:
                    if attempt.num > 1 and moves and await self._is_applied(conn, moves):
                        return
                    async with conn.transaction():
                        await self.advance(conn, moves)
                        await write(conn)
                return

    async def _is_applied(self, conn: Connection, moves: Moves) -> bool:
        """Whether the moves are stored under our epoch; they are one transaction, so one tells for all."""
        (topic, part), (expected, new) = next(iter(moves.items()))
        row = await conn.fetchrow(_STORED, self.group, topic, part)
        if row is None or row["owner_epoch"] != self._epochs.get((topic, part)):
            return False
        return expected != new and row["next_offset"] == new

    async def _explain(self, conn: Connection, topic: str, part: int, expected: int, epoch: int) -> str:
        row = await conn.fetchrow(_STORED, self.group, topic, part)
        stored = "nothing" if row is None else f"offset {row['next_offset']} of epoch {row['owner_epoch']}"
        return (
            f"{self.group} {topic}[{part}]: expected offset {expected} of epoch {epoch}, stored is {stored}; "
            "another process took over, this one must stop"
        )


class OwnerFence:
    """Writes that belong to no offset: only those of the newest owner are taken.

    A repeat of such a write is harmless, but a process that was paused would add what it knew before as the
    newest revision.
    """

    _PART = 0

    def __init__(self, group: str, sink: str) -> None:
        self._offsets = OffsetFence(group)
        self._sink = sink

    async def claim(self, conn: Connection) -> None:
        """Take the sink over: from now on an older owner is refused."""
        await self._offsets.claim(conn, [(self._sink, self._PART)])

    async def hold(self, conn: Connection) -> None:
        """Call first in a transaction that writes: a successor's claim then waits until it has ended.

        Raises: Fenced when another process has taken over.
        """
        await self._offsets.hold(conn, (self._sink, self._PART))
