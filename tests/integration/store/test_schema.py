"""The migrated database: same as the tables in code, append-only, with views of the latest revisions."""

from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from store import tables
from store.bulk import insert_rows
from store.database import connect_pool
from store.dsn import sqlalchemy_url
from store.migrate import current, head, migrate, require_head

pytestmark = pytest.mark.integration


def test_code_and_database_have_the_same_tables(fresh_postgres: str) -> None:
    engine = create_engine(sqlalchemy_url(fresh_postgres))
    options = {
        "include_schemas": True,
        "compare_type": True,
        "compare_server_default": True,
        "version_table_schema": "ops",
        "include_name": lambda name, kind, _: name == "ops" if kind == "schema" else True,
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(fresh_postgres: str) -> None:
    assert current(fresh_postgres) == head()
    assert migrate(fresh_postgres) == head()
    require_head(fresh_postgres)


async def test_facts_refuse_update_and_delete(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        rate = {"pair": "EURUSD", "as_of": datetime(2013, 10, 7, tzinfo=UTC), "rate": "1.3581", "revision": 1}
        async with pool.acquire() as conn:
            await insert_rows(conn, tables.FxRate, [rate])
            for change in ("UPDATE ops.fx_rate SET rate = 2", "DELETE FROM ops.fx_rate"):
                with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="is append-only"):
                    await conn.execute(change)
            assert await conn.fetchval("SELECT rate FROM ops.fx_rate") == Decimal("1.3581")


async def test_every_fact_has_the_trigger_and_a_latest_view(fresh_postgres: str) -> None:
    async with await connect_pool(fresh_postgres) as pool:
        guarded = await pool.fetch(
            "SELECT relname FROM pg_trigger JOIN pg_class c ON tgrelid = c.oid WHERE tgname = 'append_only'"
        )
        views = await pool.fetch("SELECT table_name FROM information_schema.views WHERE table_schema = 'ops'")
    names = {fact.table().name for fact in tables.FACTS}
    assert {row["relname"] for row in guarded} == names
    assert {row["table_name"] for row in views} == {f"{name}_latest" for name in names}


async def test_latest_view_shows_the_highest_revision_of_each_key(fresh_postgres: str) -> None:
    def close(symbol: str, revision: int, price: str) -> dict[str, object]:
        return {
            "symbol": symbol,
            "date": date(2013, 10, 7),
            "close": price,
            "currency": "USD",
            "revision": revision,
        }

    rows = [close("BAC", 1, "14.05"), close("BAC", 2, "14.06"), close("IBM", 1, "181.99")]
    async with await connect_pool(fresh_postgres) as pool, pool.acquire() as conn:
        assert await insert_rows(conn, tables.DailyPrice, rows) == 3
        latest = await conn.fetch("SELECT symbol, close, revision FROM ops.daily_price_latest ORDER BY 1")
    assert [tuple(row) for row in latest] == [("BAC", Decimal("14.06"), 2), ("IBM", Decimal("181.99"), 1)]
