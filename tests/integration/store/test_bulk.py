"""Bulk writes against a real database."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
import pytest

from store import tables
from store.bulk import append_revisions, insert_rows
from store.database import connect_pool

pytestmark = pytest.mark.integration

START = datetime(2013, 10, 7, 14, 30, tzinfo=UTC)


def rate(as_of: datetime, value: object, **more: object) -> dict[str, object]:
    return {"pair": "EURUSD", "as_of": as_of, "rate": value, **more}


def live_price(price_e8: int, ts_event_us: int, seq: int = 0) -> tuple[object, ...]:
    return ("BAC", price_e8, "USD", ts_event_us, seq, f"id-{seq}")


async def test_insert_is_idempotent(fresh_postgres: str) -> None:
    rows = [rate(START, Decimal("1.35"), revision=1, evidence={"file": "fx.csv", "line": 2})]
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        assert await insert_rows(conn, tables.FxRate, rows) == 1
        assert await insert_rows(conn, tables.FxRate, rows) == 0
        stored = await conn.fetchrow("SELECT rate, evidence, recorded_at FROM ops.fx_rate")
    assert stored["rate"] == Decimal("1.35")
    assert stored["evidence"] == {"file": "fx.csv", "line": 2}
    assert stored["recorded_at"].tzinfo is not None


async def test_numbers_stay_exact_as_decimal_and_text(fresh_postgres: str) -> None:
    exact = "1.123456789012345678"
    rows = [rate(START, Decimal(exact), revision=1), rate(START.replace(hour=15), exact, revision=1)]
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        await insert_rows(conn, tables.FxRate, rows)
        assert {row["rate"] for row in await conn.fetch("SELECT rate FROM ops.fx_rate")} == {Decimal(exact)}


async def test_two_calls_in_one_transaction_do_not_mix(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        async with conn.transaction():
            assert await insert_rows(conn, tables.FxRate, [rate(START, "1.35", revision=1)]) == 1
            assert await insert_rows(conn, tables.FxRate, [rate(START, "1.36", revision=2)]) == 1
        assert await conn.fetchval("SELECT count(*) FROM ops.fx_rate") == 2


async def test_a_broken_row_leaves_nothing_behind(fresh_postgres: str) -> None:
    rows = [rate(START, "1.35", revision=1), rate(START, "-1", revision=2)]
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="rate_above_zero"):
            await insert_rows(conn, tables.FxRate, rows)
        assert await conn.fetchval("SELECT count(*) FROM ops.fx_rate") == 0


async def test_older_state_never_replaces_newer(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        for row in (live_price(100, 5, 1), live_price(90, 4, 9), live_price(110, 5, 2)):
            await insert_rows(conn, tables.LivePrice, [row], on_conflict="update")
        stored = await conn.fetchrow("SELECT price_e8, ts_event_us, seq FROM ops.live_price")
    assert tuple(stored) == (110, 5, 2)


async def test_updating_a_fact_is_refused_before_the_database_is_asked(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        with pytest.raises(ValueError, match="append-only"):
            await insert_rows(conn, tables.FxRate, [rate(START, "1.35", revision=1)], on_conflict="update")


async def test_unknown_column_is_named(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        with pytest.raises(ValueError, match="no column colour"):
            await insert_rows(conn, tables.FxRate, [rate(START, "1.35", colour="red")])


async def test_revision_is_appended_only_where_content_changed(fresh_postgres: str) -> None:
    later = START.replace(hour=15)
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        first = await append_revisions(conn, tables.FxRate, [rate(START, "1.35"), rate(later, "1.36")])
        again = await append_revisions(conn, tables.FxRate, [rate(START, "1.350", evidence={"file": "b"})])
        changed = await append_revisions(conn, tables.FxRate, [rate(START, "1.35"), rate(later, "1.37")])
        latest = await conn.fetch("SELECT rate, revision FROM ops.fx_rate_latest ORDER BY as_of")
    assert sorted(first) == [("EURUSD", START, 1), ("EURUSD", later, 1)]
    assert again == []
    assert changed == [("EURUSD", later, 2)]
    assert [tuple(row) for row in latest] == [(Decimal("1.35"), 1), (Decimal("1.37"), 2)]


async def test_a_null_that_becomes_a_value_is_a_change(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        await append_revisions(conn, tables.FxRate, [rate(START, "1.35", source=None)])
        assert await append_revisions(conn, tables.FxRate, [rate(START, "1.35", source=None)]) == []
        assert len(await append_revisions(conn, tables.FxRate, [rate(START, "1.35", source="ECB")])) == 1


async def test_writers_at_once_number_revisions_without_gaps(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres, max_size=4) as pool:

        async def write(value: int) -> None:
            async with pool.acquire() as conn:
                await append_revisions(conn, tables.FxRate, [rate(START, value)])

        await asyncio.gather(*(write(value) for value in range(1, 9)))
        revisions = await pool.fetch("SELECT revision FROM ops.fx_rate ORDER BY revision")
    assert [row["revision"] for row in revisions] == list(range(1, 9))
