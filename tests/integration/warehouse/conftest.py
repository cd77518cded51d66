"""dbt in its own environment, installed on first use: a fresh clone has none."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def dbt_installed() -> None:
    subprocess.run([str(HERE.parents[2] / "scripts/install"), "dbt"], check=True, timeout=240)
