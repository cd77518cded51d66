"""Every five minutes in session: final bars, their completeness, the marts of the day."""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, chain
from tapeline_schedule.alerts import deadline
from tapeline_schedule.tasks import TASK_DEFAULTS, command, gate

with DAG(
    dag_id="intraday",
    description="Silver bars, completeness and intraday marts, every five minutes in session",
    # Windows are closed by data, so a run takes all that are due; what a missed run left, the next one takes.
    schedule="*/5 * * * *",
    start_date=pendulum.datetime(2013, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=20),
    deadline=deadline(timedelta(minutes=10)),
    default_args=TASK_DEFAULTS,
    tags=["bars", "warehouse"],
    doc_md=__doc__,
) as dag:
    chain(
        gate("in-session", "session --at {{ logical_date.isoformat() }} --json"),
        command("update-bars", "bars run --json", minutes=10),
        command("check-bars", "bars check --json", minutes=2),
        command("refresh-marts", "warehouse build --select tag:intraday", minutes=10),
    )
