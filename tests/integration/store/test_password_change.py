"""A password that changes while we run, on a server that asks for one: only connections are made anew."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psycopg
import pytest
from psycopg import sql

from local_stack.database import DatabaseServer
from local_stack.ports import LOOPBACK, free_port
from store.database import Connection, Database, connect_pool, run_transaction
from store.migrate import current
from store.password import VARIABLE
from testkit.processes import ChildProcess

pytestmark = pytest.mark.integration

USER = "changing"
# A superuser without a password, for the test itself; everybody else proves by SCRAM who he is.
RULES = f"host all postgres {LOOPBACK}/32 trust\nhost all all {LOOPBACK}/32 scram-sha-256\n"


@dataclass
class AskingServer:
    """A server on a port of loopback, and the file with the password of its user."""

    port: int
    file: Path

    @property
    def dsn(self) -> str:
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/postgres"

    def administer(self, statement: str | sql.Composed) -> None:
        with psycopg.connect(self.dsn.replace(USER, "postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def set_password(self, password: str) -> None:
        self.administer(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(USER), sql.Literal(password))
        )

    def cut_connections(self) -> None:
        self.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'")

    def answers(self) -> bool:
        try:
            self.administer("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def running(scratch_dir: Path) -> Iterator[AskingServer]:
    home = scratch_dir / "asking"
    server = DatabaseServer(home / "data", home / "socket")
    server.initialise()
    (server.data_dir / "pg_hba.conf").write_text(RULES)
    found = AskingServer(free_port(), home / "password")
    settings = {"listen_addresses": LOOPBACK, "port": str(found.port), "fsync": "off"}
    process = ChildProcess("postgres", server.command(settings), home / "postgres.log")
    try:
        process.wait_ready(found.answers)
        found.administer(f"CREATE ROLE {USER} LOGIN")
        yield found
    finally:
        process.stop(timeout_seconds=5)


@pytest.fixture
def server(running: AskingServer, monkeypatch: pytest.MonkeyPatch) -> AskingServer:
    """Server and file agree on a first password."""
    running.set_password("first")
    running.file.write_text("first\n")
    monkeypatch.setenv(VARIABLE, str(running.file))
    return running


async def ask(conn: Connection) -> str:
    return str(await conn.fetchval("SELECT current_user"))


async def test_a_pool_goes_on_when_password_and_file_change(server: AskingServer) -> None:
    async with await connect_pool(server.dsn, max_size=2) as pool:
        server.set_password("second")
        assert await run_transaction(pool, ask) == USER, "a connection that is open stays"
        server.file.write_text("second\n")
        server.cut_connections()
        assert await run_transaction(pool, ask) == USER


async def test_a_file_that_comes_after_the_change_is_waited_for(server: AskingServer) -> None:
    async with await connect_pool(server.dsn, max_size=2) as pool:
        server.set_password("second")
        server.cut_connections()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect_pool(server.dsn)  # the old one is refused by now
        asked = asyncio.create_task(run_transaction(pool, ask))
        await asyncio.sleep(0.3)
        assert not asked.done()
        server.file.write_text("second\n")
        assert await asked == USER


def test_services_in_threads_and_migrations_read_the_file_too(server: AskingServer) -> None:
    with Database(server.dsn, max_size=1) as database:
        server.set_password("second")
        server.file.write_text("second")
        server.cut_connections()
        assert database.transaction(ask) == USER
    assert current(server.dsn) is None  # it logged in and found no schema


async def test_a_password_in_the_address_is_enough_without_a_file(
    server: AskingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    async with await connect_pool(server.dsn.replace(USER, f"{USER}:first")) as pool:
        assert await run_transaction(pool, ask) == USER
