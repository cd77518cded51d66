"""The same project for Snowflake and BigQuery: it compiles with their adapters and parses in their dialects.

Without an account: what the databases would answer is not tested here.
"""

import json
import subprocess
from pathlib import Path

import pytest
from tests.integration.warehouse.dbt import ROOT

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def python() -> Path:
    subprocess.run([str(ROOT / "scripts/install"), "dbt-adapters"], check=True, timeout=400)
    return ROOT / ".venv-dbt-adapters/bin/python"


@pytest.mark.timeout(600)  # the first run installs the adapters
@pytest.mark.parametrize("target", ["snowflake", "bigquery"])
def test_every_statement_compiles_and_parses(python: Path, target: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("compile_elsewhere.py")
    done = subprocess.run(
        [str(python), "-P", str(script), target, str(ROOT / "warehouse"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["refused"] == {}
    assert found["compiled"] > 200
