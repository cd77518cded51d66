"""Once a business date is over: everything that is frozen for it, its warehouse, its reports, a run record.

The business date is the logical date in UTC. 22:30 UTC is after 17:00 in New York, when the FX day ends, in
summer and winter, and still the same date; so `airflow dags test end_of_day 2013-10-07` and a backfill by
dates mean what they say. Each task is `tapeline eod --date D --step S`, harmless when repeated.
"""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, chain
from tapeline_schedule.alerts import deadline
from tapeline_schedule.tasks import TASK_DEFAULTS, command, gate, step

# Step of `tapeline eod` -> minutes it may take before it is stopped and tried again.
STEPS = {
    "wait": 60,
    "closes": 10,
    "corporate-actions": 10,
    "revalue": 20,
    "pnl": 20,
    "risk": 20,
    "limits": 10,
    "challenger": 20,
    "warehouse": 30,
    "reports": 20,
    "compact": 30,
}

with DAG(
    dag_id="end_of_day",
    description="Closing prices to reports of one business date",
    schedule="30 22 * * 1-5",
    start_date=pendulum.datetime(2013, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    deadline=deadline(timedelta(hours=2)),
    default_args=TASK_DEFAULTS,
    tags=["end of day", "warehouse", "reports"],
    doc_md=__doc__,
) as dag:
    chain(
        gate("is-session", "session --date {{ ds }} --json"),
        *(step(name, minutes) for name, minutes in STEPS.items()),
        # A teardown runs whatever became of the steps, and leaves it to them whether the run has failed.
        command("run-record", "eod --date {{ ds }} --save-record --json", minutes=2).as_teardown(),
    )
