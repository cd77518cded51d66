"""What a run does when a command fails or has nothing to do, with a stand-in for `tapeline`."""

from pathlib import Path

import pytest

from testkit.airflow import Airflow, AirflowFailed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]


class StandIn:
    """A `tapeline` that fails where its arguments hold a text, and remembers what it was asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._calls = directory / "calls"

    def answers(self, leaving: int, where: str) -> None:
        program = self.directory / "tapeline"
        program.write_text(
            f'#!/bin/sh\necho "$*" >> {self._calls}\n'
            f'case "$*" in *"--record-failure"*) exit 0;; *"{where}"*) exit {leaving};; esac\n'
        )
        program.chmod(0o755)
        self._calls.write_text("")

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()


@pytest.fixture(scope="module")
def tapeline(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    made = StandIn(tmp_path_factory.mktemp("bin"))
    airflow.environment["PATH"] = f"{made.directory}:{airflow.environment['PATH']}"
    airflow.environment["TAPELINE_RETRY_DELAY_S"] = "0"
    return made


def test_a_failing_step_is_tried_again_recorded_once_and_stops_the_run(
    airflow: Airflow, tapeline: StandIn
) -> None:
    tapeline.answers(1, where="--step closes")
    with pytest.raises(AirflowFailed, match="DagRun failed"):
        airflow.run("airflow", "dags", "test", "end_of_day", "2013-10-07")
    *before, recorded, published = tapeline.calls
    assert before == [
        "session --date 2013-10-07 --json",
        "eod --date 2013-10-07 --step wait --json",
        *["eod --date 2013-10-07 --step closes --json"] * 4,
    ]
    told = (
        "eod --date 2013-10-07 --step closes --record-failure end_of_day.closes failed after 4 attempts in "
    )
    assert recorded.startswith(told)
    failure, run_id = recorded.split(" --run-id ")
    assert failure.endswith("returned a non-zero exit code 1.")
    assert run_id.endswith("/4")
    assert published == "eod --date 2013-10-07 --save-record --json"


def test_out_of_session_the_rest_of_the_run_is_skipped(airflow: Airflow, tapeline: StandIn) -> None:
    tapeline.answers(6, where="session")
    airflow.run("airflow", "dags", "test", "intraday", "2013-10-05T15:00:00+00:00")
    assert tapeline.calls == ["session --at 2013-10-05T15:00:00+00:00 --json"]


def test_of_a_date_without_a_session_no_step_runs(airflow: Airflow, tapeline: StandIn) -> None:
    tapeline.answers(6, where="session")
    airflow.run("airflow", "dags", "test", "end_of_day", "2013-12-25")
    assert [call for call in tapeline.calls if "--step" in call] == []


@pytest.mark.parametrize(("run_type", "expected"), [("scheduled", 1), ("backfill", 0)])
def test_a_late_run_is_recorded_unless_its_date_is_long_past(
    airflow: Airflow, tapeline: StandIn, run_type: str, expected: int
) -> None:
    tapeline.answers(0, where="nothing")
    run = {
        "dag_id": "end_of_day",
        "dag_run_id": "scheduled__2013-10-07",
        "run_type": run_type,
        "logical_date": "2013-10-07T22:30:00Z",
    }
    context = {"dag_run": run, "deadline": {"deadline_time": "2013-10-08T00:30:00Z"}}
    plugins = str(airflow.root / "airflow/plugins")
    program = (
        f"import asyncio, sys; sys.path.insert(0, {plugins!r})\n"
        "from tapeline_schedule.alerts import record_late\n"
        f"asyncio.run(record_late(context={context!r}))"
    )
    airflow.run("python", "-c", program)
    recorded = (
        "eod --date 2013-10-07 --step end_of_day.deadline --record-failure"
        " end_of_day was not done at 2013-10-08T00:30:00Z in scheduled__2013-10-07"
        " --run-id scheduled__2013-10-07"
    )
    assert tapeline.calls == [recorded] * expected
