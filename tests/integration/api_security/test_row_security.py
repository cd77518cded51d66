"""Row-level security: the database itself shows the gateway's role only what the caller reaches."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from api_gateway.adapters.row_security import ROLE, see
from api_gateway.core.reach import EVERYTHING, NOTHING, Reach
from store.database import connect_pool

pytestmark = pytest.mark.integration

EXPECTED_GRANTS = Path(__file__).parent / "grants.txt"
GUARDED = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'r'
   AND (EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'portfolio_id')
        OR c.relname IN ('limit_action', 'restatement'))
"""
UNGUARDED = f"{GUARDED} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
OPEN_VIEWS = """
SELECT relname FROM pg_class WHERE relnamespace = 'ops'::regnamespace AND relkind IN ('v', 'm')
   AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
"""
GRANTS = """
SELECT grantee || ' ' || string_agg(privilege_type, ', ' ORDER BY privilege_type) || ' ON ' || table_name
  FROM information_schema.role_table_grants
 WHERE table_schema = 'ops' AND grantee <> 'tapeline' GROUP BY grantee, table_name
 UNION
SELECT grantee || ' ' || privilege_type || ' (' || column_name || ') ON ' || table_name
  FROM information_schema.role_column_grants c
 WHERE table_schema = 'ops' AND grantee <> 'tapeline' AND NOT EXISTS (
       SELECT 1 FROM information_schema.role_table_grants t
        WHERE (t.grantee, t.table_schema, t.table_name, t.privilege_type)
            = (c.grantee, c.table_schema, c.table_name, c.privilege_type))
 ORDER BY 1
"""
VALUE = """
INSERT INTO ops.portfolio_valuation (portfolio_id, as_of, basis, valuation_id, currency, coverage, fx_rates,
    revision) VALUES ($1, now(), 'bar', 'v', 'USD', '{}', '{}', 1)
"""
SEEN = "SELECT DISTINCT portfolio_id FROM ops.portfolio_valuation_latest"
LIMIT = """
INSERT INTO ops.limit_definition (limit_id, portfolio_id, scope, measure, parameters, hard_level, active,
    revision) VALUES ('l', $1, 'portfolio', 'gross', '', 1, true, 1)
"""
UNREADABLE = {"audit_log", "live_valuation"}
"""The role may not read them at all."""
MARKED = "t::text LIKE '%MINE%'"
CHECKS = """
SELECT conname FROM pg_constraint WHERE conrelid = ('ops.' || $1)::regclass AND contype = 'c'
"""
NEEDED_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
 WHERE table_schema = 'ops' AND table_name = $1
   AND (is_nullable = 'NO' AND column_default IS NULL OR column_name = 'portfolio_id')
   AND is_generated = 'NEVER'
"""
FILLERS = {
    "integer": "1",
    "bigint": "1",
    "numeric": "1",
    "double precision": "1",
    "boolean": "true",
    "jsonb": "'{}'",
    "date": "DATE '2013-10-07'",
    "timestamp with time zone": "now()",
    "ARRAY": "ARRAY['x']",
    "bytea": "'x'",
}


async def test_every_table_with_a_portfolio_is_guarded(desk) -> None:
    assert len(await desk.owner(GUARDED)) > 10
    assert await desk.owner(UNGUARDED) == []
    assert await desk.owner(OPEN_VIEWS) == []


async def test_the_gateway_is_bound_by_it(desk) -> None:
    (who,) = await desk.pool.fetch(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert tuple(who) == (ROLE, False, False, False)
    owners = await desk.owner("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ops'")
    assert [row["tableowner"] for row in owners] == ["tapeline"]


async def test_every_table_shows_a_row_to_who_reaches_it_and_to_nobody_else(desk) -> None:
    """A row of MINE is put into every table, whatever else it has to hold, and taken back again."""
    tables = {row["relname"] for row in await desk.owner(GUARDED)}
    for table in sorted(tables - UNREADABLE):
        async with desk.owners.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            if table == "limit_action":  # it is of the portfolio that its limit is on
                await conn.execute(LIMIT.replace("'l'", "'row of MINE'"), "MINE")
            await put_row(conn, table, "MINE")
            await conn.execute(f"SET LOCAL ROLE {ROLE}")
            for reach, seen in (("[]", 0), ('["YOURS"]', 0), ('["MINE"]', 1), ("*", 1)):
                await conn.execute("SELECT set_config('app.portfolios', $1, true)", reach)
                found = await conn.fetchval(f"SELECT count(*) FROM ops.{table} AS t WHERE {MARKED}")
                assert found == seen, (table, reach)
            await transaction.rollback()


async def put_row(conn: asyncpg.Connection, table: str, portfolio_id: str) -> None:
    """A row with something in every column that must have it; what is right in it does not matter here."""
    for row in await conn.fetch(CHECKS, table):
        await conn.execute(f'ALTER TABLE ops.{table} DROP CONSTRAINT "{row["conname"]}"')
    values: dict[str, str] = {}
    for column in await conn.fetch(NEEDED_COLUMNS, table):
        values[column["column_name"]] = FILLERS.get(column["data_type"], f"'row of {portfolio_id}'")
        if column["column_name"] == "portfolio_id":
            values["portfolio_id"] = f"'{portfolio_id}'"
        if column["column_name"] == "row_key":  # of a row of a table whose key begins with the portfolio
            values["row_key"] = f"'{portfolio_id}|x'"
    await conn.execute(f"INSERT INTO ops.{table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")


async def test_for_a_connection_without_a_reach_every_table_is_empty(desk, postgres: str) -> None:
    await desk.owners.execute(VALUE, "MINE")
    pool = await connect_pool(postgres, max_size=1, role=ROLE)
    async with pool:
        for row in await desk.owner(GUARDED):
            if row["relname"] not in UNREADABLE:
                assert await pool.fetchval(f'SELECT count(*) FROM ops."{row["relname"]}"') == 0
    assert await desk.owners.fetchval("SELECT count(*) FROM ops.portfolio_valuation") > 0


async def test_requests_that_alternate_never_see_each_others_rows(desk) -> None:
    names = ("A", "B")
    for name in names:
        await desk.owners.execute(VALUE, name)
    reaches = {name: Reach(frozenset({name})) for name in names}

    async def asks(name: str) -> set[str]:
        see(reaches[name])
        await asyncio.sleep(0)
        if name == "A":
            async with desk.pool.acquire() as conn, conn.transaction():
                return {row["portfolio_id"] for row in await conn.fetch(SEEN)}
        return {row["portfolio_id"] for row in await desk.pool.fetch(SEEN)}

    asked = [names[place % 2] for place in range(200)]
    found = await asyncio.gather(*(asyncio.create_task(asks(name)) for name in asked))
    assert found == [{name} for name in asked]


async def test_a_row_for_a_portfolio_beyond_reach_cannot_be_written(desk) -> None:
    see(Reach(frozenset({"MINE"})))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await desk.pool.execute(LIMIT, "YOURS")
    see(NOTHING)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await desk.pool.execute(LIMIT, "MINE")


async def test_odd_names_of_portfolios_are_only_names(desk) -> None:
    odd = ("*", '["MINE"]', "a,b", 'quo"te', "back\\slash", "{}", "' OR true --")
    for name in odd:
        await desk.owners.execute(VALUE, name)
        see(Reach(frozenset({name})))
        assert [row["portfolio_id"] for row in await desk.pool.fetch(SEEN)] == [name]
    see(EVERYTHING)
    assert len(await desk.pool.fetch(SEEN)) >= len(odd)


async def test_each_role_has_what_the_list_says_and_no_more(desk) -> None:
    found = [row[0] for row in await desk.owner(GRANTS)]
    assert found == EXPECTED_GRANTS.read_text().splitlines()
    public = (
        "SELECT 1 FROM information_schema.role_table_grants WHERE table_schema = 'ops' AND grantee = 'PUBLIC'"
    )
    assert await desk.owner(public) == []


async def test_facts_cannot_be_changed_by_the_gateway(desk) -> None:
    see(EVERYTHING)
    for change in (
        "UPDATE ops.limit_definition SET hard_level = 2",
        "DELETE FROM ops.fill",
        "TRUNCATE ops.fill",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await desk.pool.execute(change)


async def test_the_role_cannot_be_left(desk) -> None:
    async with desk.pool.acquire() as conn:
        await conn.execute("RESET ROLE")
        assert await conn.fetchval("SELECT current_user") == ROLE
