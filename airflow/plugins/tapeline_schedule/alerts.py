"""What happens when a task fails for good or a run is late: a line in the log and a row in ops.run."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference

RECORD_TIMEOUT_S = 60
SCHEDULED = "scheduled"
LATE = "deadline"
log = logging.getLogger(__name__)


def record_failure(context: Mapping[str, Any]) -> None:
    """Tell that a task of a run has failed after its last attempt; called by Airflow."""
    task, run = context["task_instance"], context["dag_run"]
    message = f"{task.dag_id}.{task.task_id} failed after {task.try_number} attempts in {run.run_id}"
    if (error := context.get("exception")) is not None:
        message += f": {type(error).__name__}: {error}"
    step = context["params"].get("step", f"{task.dag_id}.{task.task_id}")
    _tell(run.logical_date.date(), step, message, f"{run.run_id}/{task.try_number}")


async def record_late(**given: Any) -> None:
    """Tell that a run was not done at its deadline; called by Airflow's triggerer.

    A backfill or a run started by hand is about a date long past, whose deadline is over before it begins.
    """
    run, due = given["context"]["dag_run"], given["context"]["deadline"]["deadline_time"]
    if run["run_type"] != SCHEDULED:
        return
    business_date = datetime.fromisoformat(str(run["logical_date"])).date()
    message = f"{run['dag_id']} was not done at {due} in {run['dag_run_id']}"
    await asyncio.to_thread(_tell, business_date, f"{run['dag_id']}.{LATE}", message, run["dag_run_id"])


def deadline(after_schedule: timedelta) -> DeadlineAlert | None:
    """An alert when a scheduled run is not done so long after the moment it was scheduled for.

    None under `airflow dags test`: Airflow 3.3.2 lets a run that succeeded there end with an error where it
    has a deadline (apache/airflow#73428).
    """
    if sys.argv[1:3] == ["dags", "test"]:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=after_schedule,
        callback=AsyncCallback(record_late),
    )


def _tell(about: date, step: str, message: str, run_id: str) -> None:
    """The log first: the database may be what failed. Airflow may call back twice: the name tells repeats."""
    log.error("%s", message)
    arguments = ["eod", "--date", about.isoformat(), "--step", step, "--record-failure", message]
    arguments += ["--run-id", run_id]
    done = subprocess.run(
        ["tapeline", *arguments], capture_output=True, text=True, timeout=RECORD_TIMEOUT_S, check=False
    )
    if done.returncode:
        log.error("ops.run has no row about it: %s", done.stderr.strip())
