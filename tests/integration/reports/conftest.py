"""dbt in its own environment, installed on first use: a fresh clone has none."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def dbt_installed() -> None:
    root = Path(__file__).resolve().parents[3]
    subprocess.run([str(root / "scripts/install"), "dbt"], check=True, timeout=240)
