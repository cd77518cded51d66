"""Runs dbt as the command line does, and reads what came of it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tapeline_cli.warehouse import dbt_command, environment_of

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """What one run of dbt said: its output, and the status of each model and test by name."""

    output: str
    statuses: dict[str, str]

    @property
    def failed(self) -> set[str]:
        return {name for name, status in self.statuses.items() if status in ("fail", "error")}


@dataclass(frozen=True)
class Dbt:
    """dbt with a place of its own for what it writes, so that runs do not disturb each other."""

    environment: dict[str, str]
    scratch: Path

    @staticmethod
    def on_postgres(dsn: str, scratch: Path, silver: str = "{}") -> "Dbt":
        return Dbt({**environment_of(dsn), "TAPELINE_WAREHOUSE_SILVER": silver}, scratch)

    @staticmethod
    def on_duckdb(file: Path, scratch: Path) -> "Dbt":
        return Dbt(
            {"TAPELINE_WAREHOUSE_TARGET": "duckdb", "TAPELINE_WAREHOUSE_FILE": str(file)},
            scratch,
        )

    def __call__(self, *arguments: str) -> Outcome:
        target = self.scratch / "target"
        places = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(self.scratch / "logs")}
        run = subprocess.run(
            dbt_command(arguments, ROOT),
            env={**os.environ, **self.environment, **places},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        results = target / "run_results.json"
        content = json.loads(results.read_text())["results"] if results.exists() else []
        results.unlink(missing_ok=True)
        statuses = {_name(one["unique_id"]): one["status"] for one in content}
        assert run.returncode == 0 or statuses, run.stdout + run.stderr
        return Outcome(run.stdout, statuses)


def _name(unique_id: str) -> str:
    """`test.tapeline.NAME.HASH`, `model.tapeline.NAME`, `unit_test.tapeline.MODEL.NAME`."""
    kind, _, name, *rest = unique_id.split(".")
    return rest[0] if kind == "unit_test" else name
