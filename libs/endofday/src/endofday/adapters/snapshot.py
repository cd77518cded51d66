"""Transactions that see one moment of the database, and none that a writer beside them has made old."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from store.database import CONNECT_TIMEOUT_S, CONNECTION_LOST, Connection

T = TypeVar("T")
_RETRY_DELAYS_S = (0.5, 2.0, 4.0)


async def in_snapshot(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]], *locks: str) -> T:
    """Run work(conn) on one snapshot, taken when nobody else holds these locks; try again on a lost session.

    The lock comes before the snapshot: a writer that waits with an older one would not see what the holder
    wrote, give its rows the same revisions, and fail. A query inside the transaction would take the snapshot
    first, so the locks are the session's; a pool drops those when it takes its connection back. For facts
    name the table, as `append_revisions` does.
    """
    for delay_s in (*_RETRY_DELAYS_S, None):
        try:
            async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as conn:
                await _wait_for(conn, sorted(locks))
                async with conn.transaction(isolation="repeatable_read"):
                    return await work(conn)
        except CONNECTION_LOST:
            if delay_s is None:
                raise
            await asyncio.sleep(delay_s)
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _wait_for(conn: Connection, locks: list[str]) -> None:
    """As long as one statement may take: the end of day of somebody else takes minutes, not seconds."""
    await conn.execute("SET lock_timeout = 0")
    for name in locks:
        await conn.execute("SELECT pg_advisory_lock(hashtext($1))", name)
    await conn.execute("RESET lock_timeout")
