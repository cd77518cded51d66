"""Airflow in its own environment, installed on first use: a fresh clone has none."""

import json
from pathlib import Path
from typing import Any

import pytest

from testkit.airflow import Airflow

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow with an empty metadata database."""
    made = Airflow(tmp_path_factory.mktemp("airflow"))
    made.install()
    return made


@pytest.fixture(scope="package")
def described(airflow: Airflow) -> dict[str, Any]:
    """What Airflow makes of airflow/dags, see describe.py."""
    printed = airflow.run("python", str(HERE / "describe.py"), str(airflow.root / "airflow/dags"))
    return json.loads(printed.splitlines()[-1])
