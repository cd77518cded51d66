"""The platform as a user starts it: the `tapeline` command, REST, and kill -9."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from testkit.oracles import OracleBar
from testkit.waiting import eventually

COMMAND = Path(sys.executable).parent / "tapeline"
COMMAND_TIMEOUT_S = 240


class CommandFailed(Exception):
    """A tapeline command did not succeed; the message holds what it printed."""


class Platform:
    """One stack in its own TAPELINE_HOME."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "TAPELINE_HOME": str(home), "NO_COLOR": "1"}
        self._http: httpx.Client | None = None

    def up(self, feed: str = "none") -> None:
        self.run("up", "--feed", feed)

    def down(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None
        self.run("down")

    def run(self, *arguments: str) -> str:
        """Run one command and return what it printed; CommandFailed with both streams otherwise."""
        done = subprocess.run(
            [COMMAND, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
        )
        if done.returncode != 0:
            raise CommandFailed(
                f"tapeline {' '.join(arguments)} left {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def run_json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    @contextmanager
    def beside(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run one command beside the test; one still running at the end of the block is killed."""
        with subprocess.Popen(
            [COMMAND, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    kill_tree(process.pid)

    @property
    def client(self) -> dict[str, str]:
        """What `up` wrote for programs: api_url, admin_url, api_key, kafka, postgres."""
        return json.loads((self.home / "client.json").read_text())

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON answer of one GET under /v1; an HTTP error raises."""
        answer = self.http.get("/v1" + path, params=parameters)
        answer.raise_for_status()
        return answer.json()

    @property
    def http(self) -> httpx.Client:
        if self._http is None:
            client = self.client
            self._http = httpx.Client(
                base_url=client["api_url"], headers={"X-API-Key": client["api_key"]}, timeout=10
            )
        return self._http

    def ingest_counts(self, since: dict[str, int] | None = None) -> dict[str, int]:
        """What the ingestor did with raw events, so far or `since` earlier counts.

        Names: received, accepted, duplicate, rejected.
        """
        total = self.get("/pipeline")["ingest"]["total"]
        return {name: count - (since or {}).get(name, 0) for name, count in total.items()}

    def final_bars(self, day: date) -> dict[tuple[str, datetime], OracleBar]:
        """The newest revision of every bar of a UTC date, by symbol and window start, from PostgreSQL."""
        with psycopg.connect(self.client["postgres"]) as connection:
            rows = connection.execute(
                "SELECT symbol, window_start, open, high, low, close, vwap, volume, trades"
                " FROM ops.price_bar_latest WHERE trade_date = %s",
                [day],
            ).fetchall()
        return {(symbol, start.astimezone(UTC)): OracleBar(*values) for symbol, start, *values in rows}

    def pid(self, service: str) -> int:
        """Process id of one component, as `status` tells it; waits while the supervisor brings it back."""

        def find() -> int | None:
            # `status` leaves non-zero while anything is down, which is just what a test may have caused.
            listed = subprocess.run(
                [COMMAND, "status", "--json"],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=60,
            )
            components = json.loads(listed.stdout)["components"]
            return next(one["pid"] for one in components if one["name"] == service)

        pid = eventually(find, bool)
        assert pid is not None
        return pid

    def kill(self, service: str) -> None:
        """SIGKILL one component; the supervisor starts it again."""
        kill_tree(self.pid(service))


def kill_tree(pid: int) -> None:
    """SIGKILL a process and what it started, such as its JVM."""
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a JVM ends by itself when its starter is gone
            one.kill()
