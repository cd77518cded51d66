"""Airflow in its own environment, with a state directory of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local_stack.state import checkout_root

INSTALL_TIMEOUT_S = 900
RUN_TIMEOUT_S = 900


class AirflowFailed(Exception):
    """A command of Airflow did not succeed; the message holds what it printed."""


class Airflow:
    """The schedules of airflow/ under `home`, as scripts/airflow sets them up."""

    def __init__(self, home: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.root = checkout_root()
        self._bin = self.root / ".venv-airflow/bin"
        commands = f"{self._bin}:{self.root / '.venv/bin'}:{environment['PATH']}"
        self.environment = {
            **environment,
            **_settings(self.root / "airflow/settings.env"),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.root / "airflow/dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.root / "airflow/plugins"),
            "PATH": commands,
        }

    def install(self) -> None:
        """Make the environment and the metadata database; the first time it takes minutes."""
        subprocess.run([str(self.root / "scripts/install"), "airflow"], check=True, timeout=INSTALL_TIMEOUT_S)
        self.run("airflow", "db", "migrate")

    def run(self, program: str, *arguments: str) -> str:
        """What one program of the environment printed; AirflowFailed with both streams otherwise."""
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise AirflowFailed(f"{program} {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout


def _settings(file: Path) -> dict[str, str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
