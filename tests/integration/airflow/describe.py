"""Run by Airflow's own Python: tells as JSON what Airflow makes of airflow/dags."""

import json
import sys
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

# Dates as a person gives them to `airflow backfill create`; midnight at their start.
BACKFILL = datetime(2013, 10, 28, tzinfo=UTC), datetime(2013, 11, 9, tzinfo=UTC)


def task(written: Any, kept: Any) -> dict[str, Any]:
    """One task; `kept` is what the scheduler reads back from its database, which can be less."""
    return {
        "command": written.bash_command,
        "after": sorted(kept.upstream_task_ids),
        "retries": kept.retries,
        "retry_delay_s": kept.retry_delay.total_seconds(),
        "back_off": bool(kept.retry_exponential_backoff),
        "timeout_s": written.execution_timeout.total_seconds(),
        "skips_on": written.skip_on_exit_code,
        "on_failure": [callback.__name__ for callback in written.on_failure_callback],
    }


def dag(written: Any) -> dict[str, Any]:
    kept = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(written))
    return {
        "schedule": written.timetable.expression,
        "backfill": [
            run.logical_date.isoformat() for run in islice(kept.iter_dagrun_infos_between(*BACKFILL), 50)
        ],
        "catchup": kept.catchup,
        "max_active_runs": kept.max_active_runs,
        "deadlines": [
            {
                "after": alert.reference.reference_name,
                "seconds": alert.interval.total_seconds(),
                "calls": alert.callback.path,
            }
            for alert in written.deadline
        ],
        "tasks": {name: task(written.get_task(name), kept.get_task(name)) for name in written.task_ids},
    }


bag = DagBag(dag_folder=sys.argv[1])
told = {"errors": bag.import_errors, "dags": {name: dag(one) for name, one in bag.dags.items()}}
sys.stdout.write(json.dumps(told) + "\n")
