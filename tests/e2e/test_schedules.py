"""Both schedules as Airflow runs them, task by task, against the platform and a real trading day."""

from datetime import date
from pathlib import Path

import pytest

from tapeline_cli.eod.chain import CHAIN
from testkit.airflow import Airflow
from testkit.platform import Platform

DAY = Path(__file__).resolve().parents[2] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
BUSINESS_DATE = date(2013, 10, 7)

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def airflow(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow beside the platform, which has the day; a repeat of it counts as duplicates."""
    platform.run("replay", str(DAY), "--speed", "max", "--wait")
    made = Airflow(tmp_path_factory.mktemp("airflow"), platform.environment)
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
