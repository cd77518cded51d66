"""Runs dbt with the arguments of the command line, and reads what came of it."""

import atexit
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tapeline_cli.warehouse import dbt_command, environment_of

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """What one run of dbt said: its output, and the status of each model, test or source by name."""

    output: str
    statuses: dict[str, str]

    @property
    def failed(self) -> set[str]:
        """Tests that ran and found rows."""
        return self._with("fail")

    @property
    def wrong(self) -> set[str]:
        """All that did not go well, also what could not run: SQL that the database refuses is no finding."""
        return self._with("fail", "error", "runtime error", "skipped")

    @property
    def warned(self) -> set[str]:
        return self._with("warn")

    def _with(self, *statuses: str) -> set[str]:
        return {name for name, status in self.statuses.items() if status in statuses}


@dataclass(frozen=True)
class Dbt:
    """dbt with a place of its own for what it writes, so that runs do not disturb each other."""

    environment: dict[str, str]
    scratch: Path

    @staticmethod
    def on_postgres(dsn: str, scratch: Path, silver: str = "{}") -> "Dbt":
        return Dbt({**environment_of(dsn), "TAPELINE_WAREHOUSE_SILVER": silver}, scratch)

    @staticmethod
    def on_duckdb(file: Path, scratch: Path, silver: str = "{}") -> "Dbt":
        settings = {"TARGET": "duckdb", "FILE": str(file), "SILVER": silver}
        return Dbt({f"TAPELINE_WAREHOUSE_{name}": value for name, value in settings.items()}, scratch)

    def __call__(self, *arguments: str) -> Outcome:
        target = self.scratch / "target"
        places = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(self.scratch / "logs")}
        results, output = (target / name for name in ("run_results.json", "output.txt"))
        target.mkdir(exist_ok=True)
        results.unlink(missing_ok=True)
        code = _call(dbt_command(arguments, ROOT)[1:], {**os.environ, **self.environment, **places}, output)
        found = _results(results) | _results(target / "sources.json")
        assert code == 0 or found, output.read_text()
        return Outcome(output.read_text(), found)


def _results(file: Path) -> dict[str, str]:
    """What dbt said of each part, read once."""
    if not file.exists():
        return {}
    content = json.loads(file.read_text())["results"]
    file.unlink()
    return {_name(one["unique_id"]): one["status"] for one in content}


def _name(unique_id: str) -> str:
    """`test.X.NAME.HASH`, `model.X.NAME`, `unit_test.X.MODEL.NAME`, `source.X.ops.NAME`."""
    kind, _, name, *rest = unique_id.split(".")
    return rest[0] if kind in ("unit_test", "source") else name


def _call(arguments: Sequence[str], environment: Mapping[str, str], output: Path) -> int:
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    call = {"arguments": arguments, "environment": environment, "output": str(output)}
    process.stdin.write(json.dumps(call) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, "dbt has ended"
    return int(answer)


@cache
def _process() -> subprocess.Popen[str]:
    """One for the whole session, installed on first use: a fresh clone has no dbt."""
    subprocess.run([str(ROOT / "scripts/install"), "dbt"], check=True, timeout=240)
    command = [str(ROOT / ".venv-dbt/bin/python"), "-P", str(Path(__file__).with_name("dbt_process.py"))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    with process:  # closes its input, which ends it, and waits
        pass
