"""Commands that work on one warehouse wait for each other, whatever process or container they are in."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_stack.waiting import wait_until
from tapeline_cli import warehouse
from tapeline_cli.connection import Connection
from tapeline_cli.warehouse import APPLICATION, one_at_a_time

pytestmark = pytest.mark.integration


def waiting(conn: psycopg.Connection) -> int:
    """How many wait for the warehouse."""
    found = conn.execute(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND NOT granted AND application_name = %s",
        [APPLICATION],
    ).fetchone()
    return found[0] if found else 0


@pytest.fixture
def watcher(fresh_postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_postgres, autocommit=True) as conn:
        yield conn


def test_a_build_begins_when_the_one_before_has_ended(
    fresh_postgres: str, watcher: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[str] = []

    def run(command: list[str], **_: Any) -> Any:
        ran.append(Path(command[0]).name)
        return subprocess.CompletedProcess(command, 0)

    here = Connection("http://api", "key", "kafka", fresh_postgres)
    monkeypatch.setattr(Connection, "of_stack", classmethod(lambda cls: here))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path))
    second = threading.Thread(target=lambda: warehouse.build(None, False, None), daemon=True)
    with one_at_a_time(fresh_postgres):
        second.start()
        assert wait_until(lambda: waiting(watcher) == 1, 30)
        assert "dbt" not in ran
    second.join(30)
    assert ran == ["install", "dbt"]
