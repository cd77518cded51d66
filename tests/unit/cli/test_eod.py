"""`tapeline eod`: which dates and steps it asks for, what it prints, and its exit codes."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import endofday.runner
from endofday.adapters.runs import Attempt
from endofday.core.chain import CHAIN_STEPS
from tapeline_cli import exits
from tapeline_cli.app import app
from tapeline_cli.connection import Connection
from tapeline_cli.eod import commands

ASKED: list[tuple[dt.date, ...]] = []
STEPS_ASKED: list[tuple[str, ...]] = []
BEGAN = dt.datetime(2013, 10, 7, 22, tzinfo=dt.UTC)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command with a platform that freezes every date but 2013-10-03."""
    ASKED.clear()
    STEPS_ASKED.clear()

    def run_steps(dsn: str, dates: Sequence[dt.date], steps: Sequence[Any]) -> Iterator[Attempt]:
        ASKED.append(tuple(dates))
        STEPS_ASKED.append(tuple(step.name for step in steps))
        for date in dates:
            failed = date == dt.date(2013, 10, 3)
            yield Attempt(
                date,
                steps[0].name,
                1,
                "failed" if failed else "done",
                BEGAN,
                BEGAN + dt.timedelta(seconds=0.25),
                message="ValueError: no" if failed else None,
                details={"positions": 8},
            )
            if failed:
                return

    here = Connection("http://api", "key", "kafka", "postgresql://here")
    monkeypatch.setattr(Connection, "of_stack", classmethod(lambda cls: here))
    monkeypatch.setattr(endofday.runner, "run_steps", run_steps)
    return lambda *arguments: CliRunner().invoke(app, ["eod", *arguments])


def test_one_date_runs_each_step_and_says_how_long_it_took(run: Any) -> None:
    result = run("--date", "2013-10-07")
    assert result.exit_code == exits.OK
    assert [(dt.date(2013, 10, 7),)] == ASKED
    assert "2013-10-07 wait" in result.stdout
    assert "0.2 s" in result.stdout
    assert "positions 8" in result.stdout


def test_a_span_runs_its_business_dates_and_prints_json(run: Any) -> None:
    result = run("--since", "2013-10-04", "--date", "2013-10-07", "--step", "pnl", "--json")
    assert [one["date"] for one in json.loads(result.stdout)] == ["2013-10-04", "2013-10-07"]
    assert [(dt.date(2013, 10, 4), dt.date(2013, 10, 7))] == ASKED


def test_a_failed_step_is_told_and_fails(run: Any) -> None:
    result = run("--since", "2013-10-02", "--date", "2013-10-04", "--json")
    assert result.exit_code == exits.FAILED
    assert [one["state"] for one in json.loads(result.stdout)] == ["done", "failed"]
    assert "ValueError: no" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--date", "2013-10-05"), ("--date", "2013-10-04", "--step", "nope"), ("--date", "soon"), ()],
)
def test_what_makes_no_sense_is_a_wrong_argument(run: Any, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == exits.USAGE
    assert ASKED == []


def test_a_date_that_is_not_over_is_run_only_when_asked_for_in_words(run: Any) -> None:
    refused = run("--date", "2099-10-07")
    assert (refused.exit_code, ASKED) == (exits.USAGE, [])
    assert "--early" in refused.stderr
    assert run("--date", "2099-10-07", "--early").exit_code == exits.OK
    assert [(dt.date(2099, 10, 7),)] == ASKED


def test_several_steps_run_in_the_order_of_the_chain(run: Any) -> None:
    result = run("--date", "2013-10-07", "--step", "challenger", "--step", "pnl", "--json")
    assert [one["step"] for one in json.loads(result.stdout)] == ["pnl"]
    assert STEPS_ASKED == [("pnl", "challenger")]


def test_a_failure_from_outside_names_its_one_step(run: Any) -> None:
    told = ("--date", "2013-10-07", "--record-failure", "timed out")
    for steps in ((), ("--step", "pnl", "--step", "risk")):
        assert run(*told, *steps).exit_code == exits.USAGE


def test_the_run_record_is_a_file_beside_the_reports(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [attempt(step, 1, "done") for step in CHAIN_STEPS]
    found += [attempt("reports", 2, "failed"), attempt("intraday.check-bars", 1, "failed")]
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path))
    monkeypatch.setattr(commands, "_attempts", lambda date: found)
    printed = run("--date", "2013-10-07", "--save-record", "--json")
    assert (printed.exit_code, len(json.loads(printed.stdout))) == (exits.OK, 13)
    written = json.loads((tmp_path / "reports/2013-10-07/run-record.json").read_text())
    assert (written["date"], written["complete"], written["open_steps"]) == ("2013-10-07", False, ["reports"])
    assert written["attempts"] == json.loads(printed.stdout)
    found.append(attempt("reports", 3, "done"))
    run("--date", "2013-10-07", "--save-record")
    written = json.loads((tmp_path / "reports/2013-10-07/run-record.json").read_text())
    assert (written["complete"], written["open_steps"]) == (True, [])
    found.clear()
    run("--date", "2013-10-08", "--save-record")
    assert not (tmp_path / "reports/2013-10-08").exists(), "nothing was tried"


def attempt(step: str, number: int, state: str) -> Attempt:
    return Attempt(dt.date(2013, 10, 7), step, number, state, BEGAN, BEGAN)
