"""The steps around the database steps: in which order, which commands they call, what a failure tells."""

import asyncio
import datetime as dt
import subprocess
import sys
from typing import Any, cast

import pytest

from endofday.core.chain import CHAIN_STEPS
from tapeline_cli.eod import chain

DAY = dt.date(2013, 10, 7)
POOL = cast(Any, None)


def step(name: str) -> Any:
    return next(one for one in chain.CHAIN if one.name == name)


def test_the_chain_waits_first_and_tells_last() -> None:
    assert tuple(one.name for one in chain.CHAIN) == CHAIN_STEPS
    assert (CHAIN_STEPS[0], CHAIN_STEPS[-1]) == ("wait", "compact")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been run; a command with `risk-exposure` fails."""
    ran: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        ran.append(command[1:])
        code = int("risk-exposure" in command)
        return subprocess.CompletedProcess(command, code, stdout="3 rows fail\n")

    monkeypatch.setattr(subprocess, "run", run)
    return ran


def test_outer_steps_call_the_commands_of_a_person(commands: list[list[str]]) -> None:
    assert asyncio.run(step("warehouse").run(POOL, DAY)) == {}
    with pytest.raises(chain.CommandFailed, match="left 1:\n3 rows fail"):
        asyncio.run(step("reports").run(POOL, DAY))
    assert commands == [
        ["-m", "tapeline_cli", "warehouse", "build"],
        ["-m", "tapeline_cli", "report", "daily-pnl", "--date", "2013-10-07", "--format", "all"],
        ["-m", "tapeline_cli", "report", "risk-exposure", "--date", "2013-10-07", "--format", "all"],
    ]


def test_what_a_command_prints_stays_out_of_the_json(
    commands: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(step("warehouse").run(POOL, DAY))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "3 rows fail\n")
    assert sys.executable not in str(commands)


def test_compaction_adds_up_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def request_json(method: str, url: str, **_: Any) -> Any:
        asked.append(f"{method} {url}")
        table = {"table": "bronze", "partitions": 2, "files_removed": 130, "files_added": 2}
        return {"tables": [table, table]}

    monkeypatch.setenv("TAPELINE_AGGREGATOR_URL", "http://here")
    monkeypatch.setattr(chain, "request_json", request_json)
    told = asyncio.run(step("compact").run(POOL, DAY))
    assert told == {"partitions": 4, "files_removed": 260, "files_added": 4}
    assert asked == ["POST http://here/jobs/compact"]
