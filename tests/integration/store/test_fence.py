"""Offsets and data move together, exactly once, and only for the owner."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from store.database import Connection, Database, connect_pool, run_transaction
from store.fence import Fenced, OffsetFence, OwnerFence

pytestmark = pytest.mark.integration

TICKS = ("marketdata.ticks.v1", 0)


async def write_price(conn: Connection) -> None:
    await conn.execute("INSERT INTO ops.live_price VALUES ('BAC', 1, 'USD', 1, 0, 'a')")


async def prices(pool: asyncpg.Pool) -> int:
    return await pool.fetchval("SELECT count(*) FROM ops.live_price")


async def test_claim_starts_at_zero_and_continues_where_it_stopped(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        fence = OffsetFence("valuation")
        assert await fence.claim(conn, [TICKS, ("marketdata.ticks.v1", 1)]) == {TICKS: 0, (TICKS[0], 1): 0}
        async with conn.transaction():
            await fence.advance(conn, {TICKS: (0, 42)})
        assert (await OffsetFence("valuation").claim(conn, [TICKS]))[TICKS] == 42
        assert (await OffsetFence("risk").claim(conn, [TICKS]))[TICKS] == 0


async def test_replaced_owner_is_fenced_and_its_data_rolled_back(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        zombie, owner = OffsetFence("valuation"), OffsetFence("valuation")
        async with pool.acquire() as conn:
            await zombie.claim(conn, [TICKS])
            await owner.claim(conn, [TICKS])
        with pytest.raises(Fenced, match="another process took over"):
            await zombie.apply(pool, {TICKS: (0, 10)}, write_price)
        assert await prices(pool) == 0
        await owner.apply(pool, {TICKS: (0, 10)}, write_price)
        assert await prices(pool) == 1


async def test_wrong_expected_offset_and_unclaimed_partition_are_fenced(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        fence = OffsetFence("valuation")
        with pytest.raises(Fenced, match="never claimed"):
            await fence.advance(conn, {TICKS: (0, 1)})
        await fence.claim(conn, [TICKS])
        with pytest.raises(Fenced, match="expected offset 5"):
            await fence.advance(conn, {TICKS: (5, 6)})


async def test_session_killed_before_commit_is_repeated_once(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        fence = OffsetFence("valuation")
        async with pool.acquire() as conn:
            await fence.claim(conn, [TICKS])
        attempts = 0

        async def write(conn: Connection) -> None:
            nonlocal attempts
            attempts += 1
            await write_price(conn)
            if attempts == 1:
                await kill(pool, await conn.fetchval("SELECT pg_backend_pid()"))

        await fence.apply(pool, {TICKS: (0, 10)}, write)
        assert (attempts, await prices(pool)) == (2, 1)


async def test_commit_whose_answer_was_lost_is_not_repeated(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        fence = OffsetFence("valuation")
        async with pool.acquire() as conn:
            await fence.claim(conn, [TICKS])
        attempts = 0

        async def write(conn: Connection) -> None:
            nonlocal attempts
            attempts += 1
            await write_price(conn)
            # As if COMMIT had arrived and its answer had not: commit, then lose the connection.
            await conn.execute("COMMIT")
            raise ConnectionResetError("the answer to COMMIT was lost")

        await fence.apply(pool, {TICKS: (0, 10)}, write)
        assert (attempts, await prices(pool)) == (1, 1)


async def test_pool_recovers_from_killed_sessions(fresh_postgres: str) -> None:
    async with (
        await connect_pool(fresh_postgres, max_size=3) as pool,
        await connect_pool(fresh_postgres) as killer,
    ):
        for _ in range(5):
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert await run_transaction(pool, lambda conn: conn.fetchval("SELECT 1")) == 1


def test_database_serves_synchronous_code(fresh_postgres: str) -> None:
    with Database(fresh_postgres) as db:
        fence = OffsetFence("valuation")
        assert db.transaction(lambda conn: fence.claim(conn, [TICKS])) == {TICKS: 0}
        assert db.run(db.pool.fetchval("SHOW statement_timeout")) == "1min"


async def kill(pool: asyncpg.Pool, pid: int) -> None:
    await pool.execute("SELECT pg_terminate_backend($1)", pid)


async def test_only_the_newest_owner_writes_what_belongs_to_no_offset(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        zombie, owner = OwnerFence("risk", "ops"), OwnerFence("risk", "ops")

        def write_as(fence: OwnerFence) -> Callable[[Connection], Awaitable[None]]:
            async def write(conn: Connection) -> None:
                await write_price(conn)
                await fence.hold(conn)

            return write

        with pytest.raises(Fenced):
            await run_transaction(pool, write_as(zombie))  # never claimed
        await run_transaction(pool, zombie.claim)
        await run_transaction(pool, owner.claim)
        with pytest.raises(Fenced, match="another process took over"):
            await run_transaction(pool, write_as(zombie))
        assert await prices(pool) == 0
        await run_transaction(pool, write_as(owner))
        assert await prices(pool) == 1


async def test_a_successor_waits_for_the_write_that_is_under_way(fresh_postgres: str) -> None:
    """Otherwise it could read what the write is about to change, and go on from that."""
    async with await connect_pool(fresh_postgres) as pool:
        owner = OwnerFence("risk", "ops")
        await run_transaction(pool, owner.claim)
        async with pool.acquire() as conn:
            async with conn.transaction():
                await owner.hold(conn)
                claim = asyncio.create_task(run_transaction(pool, OwnerFence("risk", "ops").claim))
                done, _ = await asyncio.wait([claim], timeout=0.3)
                assert not done
                await write_price(conn)
            await claim
        assert await prices(pool) == 1
