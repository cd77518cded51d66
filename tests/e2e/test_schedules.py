"""Both schedules as Airflow runs them, task by task, against the platform and a real trading day."""

import json
from datetime import date
from typing import Any

import pytest

from tapeline_cli.eod.chain import CHAIN
from testkit.airflow import Airflow
from testkit.platform import Platform

BUSINESS_DATE = date(2013, 10, 7)
STEPS = [step.name for step in CHAIN]

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def airflow(replayed: Platform, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow beside the platform, which has the day."""
    made = Airflow(tmp_path_factory.mktemp("airflow"), replayed.environment)
    made.install()
    return made


def task_states(airflow: Airflow, dag: str, logical_date: str) -> dict[str, str]:
    """How each task of a run ended. A run whose gate is shut succeeds too, with every other task skipped."""
    printed = airflow.run("airflow", "tasks", "states-for-dag-run", dag, logical_date, "--output", "json")
    rows: list[dict[str, Any]] = json.loads(printed[printed.index("[{") :])
    return {row["task_id"]: row["state"] for row in rows}


def newest_attempts(platform: Platform) -> dict[str, tuple[int, str]]:
    """Number and state of the last attempt at every step that was tried."""
    tried = platform.run_json("eod", "--date", str(BUSINESS_DATE), "--status")
    return {
        one["step"]: (one["attempt"], one["state"]) for one in sorted(tried, key=lambda one: one["attempt"])
    }


def test_intraday_makes_and_checks_the_bars_of_the_day(airflow: Airflow, platform: Platform) -> None:
    moment = f"{BUSINESS_DATE}T20:00:00+00:00"
    airflow.run("airflow", "dags", "test", "intraday", moment)
    tasks = ("in-session", "update-bars", "check-bars", "refresh-marts")
    assert task_states(airflow, "intraday", moment) == dict.fromkeys(tasks, "success")
    assert {"IBM", "SPY"} <= {symbol for symbol, _ in platform.final_bars(BUSINESS_DATE)}


def test_end_of_day_does_every_step(airflow: Airflow, platform: Platform) -> None:
    before = newest_attempts(platform)
    airflow.run("airflow", "dags", "test", "end_of_day", str(BUSINESS_DATE))
    after = newest_attempts(platform)
    assert {step: after[step][1] for step in STEPS} == dict.fromkeys(STEPS, "done")
    unrepeated = [step for step in STEPS if step in before and after[step][0] == before[step][0]]
    assert unrepeated == [], "done before, and not by Airflow"
    written = (platform.home / "reports" / str(BUSINESS_DATE) / "run-record.json").read_text()
    told = json.loads(written)
    assert (told["complete"], told["open_steps"]) == (True, [])
    assert {one["step"]: one["attempt"] for one in told["attempts"]} == {
        step: number for step, (number, _) in after.items()
    }
