"""Both schedules as Airflow runs them, task by task, against the platform and a real trading day."""

import json
from typing import Any

import pytest
from tests.e2e.real_day import MARKET_DATE

from tapeline_cli.eod.chain import CHAIN
from testkit.airflow import Airflow
from testkit.platform import Platform

STEPS = [step.name for step in CHAIN]

pytestmark = pytest.mark.timeout(1800)


def task_states(airflow: Airflow, dag: str, logical_date: str) -> dict[str, str]:
    """How each task of a run ended. A run whose gate is shut succeeds too, with every other task skipped."""
    printed = airflow.run("airflow", "tasks", "states-for-dag-run", dag, logical_date, "--output", "json")
    rows: list[dict[str, Any]] = json.loads(printed[printed.index("[{") :])
    return {row["task_id"]: row["state"] for row in rows}


def test_intraday_makes_and_checks_the_bars_of_the_day(airflow: Airflow, replayed: Platform) -> None:
    moment = f"{MARKET_DATE}T20:00:00+00:00"
    airflow.run("airflow", "dags", "test", "intraday", moment)
    tasks = ("in-session", "update-bars", "check-bars", "refresh-marts")
    assert task_states(airflow, "intraday", moment) == dict.fromkeys(tasks, "success")
    assert {"IBM", "SPY"} <= {symbol for symbol, _ in replayed.final_bars(MARKET_DATE)}


def test_end_of_day_does_every_step(airflow: Airflow, closed: Platform) -> None:
    """The run that closed the day; other tests compare what it left with calculations from the files."""
    tasks = ("is-session", *STEPS, "run-record")
    assert task_states(airflow, "end_of_day", str(MARKET_DATE)) == dict.fromkeys(tasks, "success")
    record = json.loads((closed.home / "reports" / str(MARKET_DATE) / "run-record.json").read_text())
    assert (record["complete"], record["open_steps"]) == (True, [])
    assert [(one["step"], one["attempt"], one["state"]) for one in record["attempts"]] == [
        (step, 1, "done") for step in STEPS
    ]
