"""Final bars in PostgreSQL, and the lock that keeps Silver jobs apart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from chassis.clock import from_us
from jobs.revisions import SilverBar
from store import tables
from store.bulk import insert_rows
from store.database import WRITER, Connection, Database
from store.fence import OwnerFence

APPLICATION = "bar-aggregator"
_MISSING = """
SELECT b.place FROM unnest($1::text[], $2::timestamptz[], $3::int[])
    WITH ORDINALITY AS b(symbol, window_start, revision, place)
WHERE NOT EXISTS (
    SELECT 1 FROM ops.price_bar p
    WHERE p.symbol = b.symbol AND p.window_start = b.window_start AND p.revision = b.revision
)
"""
_LOCK = "SELECT pg_try_advisory_lock(hashtext('bar-aggregator/silver-bars'))"


class AnotherRunner(RuntimeError):
    """Another process runs the Silver job on the same database."""


class BarStore:
    """ops.price_bar and ops.restatement.

    The lock is lost with its session, which a paused process does not notice: so each job also claims the
    table, and what an older job writes after that is refused.
    """

    def __init__(self, dsn: str) -> None:
        self._database = Database(dsn, application=APPLICATION, role=WRITER)
        self._fence = OwnerFence(APPLICATION, "ops.price_bar")

    def missing(self, bars: Sequence[SilverBar]) -> list[SilverBar]:
        """Those revisions that the table does not have yet."""
        symbols = [bar.symbol for bar in bars]
        starts = [from_us(bar.window_start_us) for bar in bars]
        revisions = [bar.revision for bar in bars]

        async def look(conn: Connection) -> list[asyncpg.Record]:
            return await conn.fetch(_MISSING, symbols, starts, revisions)

        return [bars[row["place"] - 1] for row in self._database.transaction(look)]

    def save(self, bars: Sequence[dict[str, Any]], restatements: Sequence[dict[str, Any]]) -> None:
        """Store bars and restatements in one transaction; those already there stay as they are.

        Raises: Fenced when another process has begun a job meanwhile; then nothing was stored.
        """

        async def write(conn: Connection) -> None:
            await self._fence.hold(conn)
            await insert_rows(conn, tables.PriceBar, bars)
            await insert_rows(conn, tables.Restatement, restatements)

        self._database.transaction(write)

    @contextmanager
    def job_lock(self) -> Iterator[None]:
        """Held while a job runs. Raises AnotherRunner when another process holds it."""
        conn = self._database.run(self._borrow())
        try:
            if not self._database.run(conn.fetchval(_LOCK)):
                raise AnotherRunner("another bar-aggregator runs the Silver job on this database")
            self._database.transaction(self._fence.claim)
            yield
        finally:
            # A session that is given back gives up its locks; a lost one has lost them already.
            self._database.run(self._database.pool.release(conn))

    def close(self) -> None:
        self._database.close()

    async def _borrow(self) -> asyncpg.pool.PoolConnectionProxy:
        return await self._database.pool.acquire(timeout=5.0)
