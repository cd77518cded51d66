"""What a task is: a command that a person could type, with retries and a bound on its time."""

import os
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator

from tapeline_schedule.alerts import record_failure

NOTHING_TO_DO = 6
"""Exit code of `tapeline session` outside every session."""

# Commands are harmless when repeated, so trying again is always right; what then still fails needs a person.
TASK_DEFAULTS: dict[str, Any] = {
    "owner": "platform",
    "retries": 3,
    "retry_delay": timedelta(seconds=float(os.environ.get("TAPELINE_RETRY_DELAY_S", "30"))),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "on_failure_callback": record_failure,
}


def command(task_id: str, arguments: str, minutes: int, **options: Any) -> BashOperator:
    """A task that runs `tapeline` with these arguments, which may hold templates."""
    return BashOperator(
        task_id=task_id,
        bash_command=f"tapeline {arguments}",
        execution_timeout=timedelta(minutes=minutes),
        do_xcom_push=False,  # what a command prints belongs in the log
        **options,
    )


def step(name: str, minutes: int) -> BashOperator:
    """A task that runs one step of the end of day for the logical date; ops.run knows it by that name."""
    arguments = f"eod --date {{{{ ds }}}} --step {name} --json"
    return command(name, arguments, minutes, params={"step": name})


def gate(task_id: str, arguments: str) -> BashOperator:
    """A task that skips the rest of the run when the command says that there is nothing to do."""
    return command(task_id, arguments, minutes=2, skip_on_exit_code=NOTHING_TO_DO)
