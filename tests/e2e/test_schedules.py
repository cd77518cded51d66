"""Both schedules as Airflow runs them, task by task, against the platform and a real trading day."""

from datetime import date

import pytest

from tapeline_cli.eod.chain import CHAIN
from testkit.airflow import Airflow
from testkit.platform import Platform

BUSINESS_DATE = date(2013, 10, 7)

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def airflow(replayed: Platform, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow beside the platform, which has the day."""
    made = Airflow(tmp_path_factory.mktemp("airflow"), replayed.environment)
    made.install()
    return made


def test_intraday_makes_and_checks_the_bars_of_the_day(airflow: Airflow, platform: Platform) -> None:
    airflow.run("airflow", "dags", "test", "intraday", f"{BUSINESS_DATE}T20:00:00+00:00")
    assert {"IBM", "SPY"} <= {symbol for symbol, _ in platform.final_bars(BUSINESS_DATE)}


def test_end_of_day_does_every_step(airflow: Airflow, platform: Platform) -> None:
    airflow.run("airflow", "dags", "test", "end_of_day", str(BUSINESS_DATE))
    attempts = platform.run_json("eod", "--date", str(BUSINESS_DATE), "--status")
    newest = {one["step"]: one["state"] for one in attempts}  # oldest first
    assert newest == {step.name: "done" for step in CHAIN}
