"""The steps around the database steps: in which order, which commands they call, what a failure tells."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any, cast

import psutil
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
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a stand-in for tapeline writes what it was asked; it fails for `risk-exposure`."""
    asked, program = tmp_path / "asked", tmp_path / "tapeline"
    program.write_text(f'echo "$*" >> {asked}; echo 3 rows fail; case "$*" in *risk-exposure*) exit 1;; esac')
    monkeypatch.setattr(chain, "TAPELINE", ("sh", str(program)))
    return asked


def test_outer_steps_call_the_commands_of_a_person(commands: Path) -> None:
    assert asyncio.run(step("warehouse").run(POOL, DAY)) == {}
    with pytest.raises(chain.CommandFailed, match="left 1:\n3 rows fail"):
        asyncio.run(step("reports").run(POOL, DAY))
    assert commands.read_text().splitlines() == [
        "warehouse build",
        "report daily-pnl --date 2013-10-07 --format all",
        "report risk-exposure --date 2013-10-07 --format all",
    ]


def test_what_a_command_prints_stays_out_of_the_json(
    commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(step("warehouse").run(POOL, DAY))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "3 rows fail\n")


def test_a_command_that_takes_too_long_ends_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    program = f"sleep 600 & echo $! > {started}; wait"
    monkeypatch.setattr(chain, "TAPELINE", ("sh", "-c", program, "tapeline"))
    monkeypatch.setattr(chain, "COMMAND_TIMEOUT_S", 1.0)
    with pytest.raises(chain.CommandFailed, match="tapeline warehouse build was ended after 1 s"):
        asyncio.run(step("warehouse").run(POOL, DAY))
    assert not psutil.pid_exists(int(started.read_text()))


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
