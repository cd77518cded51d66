"""pytest fixtures: `kafka`, `postgres`, `spark_jars`. Loaded for all tests by tests/conftest.py.

Broker and server start once per run, on first use. A test gets the broker's address and should use topics
and groups of its own (`topic_name`); every test module gets a database of its own, migrated to head.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.database import DatabaseServer
from store.migrate import migrate
from testkit import containers, embedded


@pytest.fixture(scope="session")
def scratch_dir() -> Iterator[Path]:
    """A short private directory: a Unix socket's path must stay below 108 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="tapeline-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(scratch_dir: Path) -> Iterator[str]:
    """Bootstrap address of a real, empty broker without automatic topics."""
    if containers.wanted():
        with containers.running_broker() as bootstrap:
            yield bootstrap
        return
    with embedded.running_broker(scratch_dir) as (broker, _):
        yield broker.bootstrap


@pytest.fixture(scope="session")
def database_server(scratch_dir: Path) -> Iterator[DatabaseServer]:
    """A real PostgreSQL server on a Unix socket."""
    with embedded.running_database(scratch_dir / "postgres", scratch_dir / "socket") as (server, _):
        yield server


@pytest.fixture(scope="session")
def migrated_template(database_server: DatabaseServer) -> str:
    """Name of a database at the head of the migrations, to be copied."""
    name = "migrated"
    migrate(database_server.create_database(name))
    return name


@pytest.fixture(scope="module")
def postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """DSN of a fresh database with schema ops, one per test module."""
    if containers.wanted():
        with containers.running_database() as dsn:
            migrate(dsn)
            yield dsn
        return
    server: DatabaseServer = request.getfixturevalue("database_server")
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield server.create_database(name, request.getfixturevalue("migrated_template"))
    server.drop_database(name)


@pytest.fixture
def fresh_postgres(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """DSN of a fresh database with schema ops, one per test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield database_server.create_database(name, migrated_template)
    database_server.drop_database(name)


@pytest.fixture(scope="session")
def spark_jars() -> Path:
    """Directory of the jars that Spark needs for Kafka and Delta."""
    return embedded.jars_of("spark")


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    """A topic (or group) name nobody else uses."""
    return f"{request.node.originalname.replace('_', '-')}.{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def child_environment() -> dict[str, str]:
    """Environment for services started by a test: ours without any TAPELINE_ setting."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TAPELINE_")}
