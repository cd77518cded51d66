"""The schedules as Airflow reads them: which commands run, in which order, and what when they fail."""

import shlex
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import typer

from endofday.core.sessions import fx_close
from quant import business_dates
from tapeline_cli.app import app
from tapeline_cli.eod.chain import CHAIN

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]


def test_airflow_reads_both_without_errors(described: dict[str, Any]) -> None:
    assert described["errors"] == {}
    assert set(described["dags"]) == {"intraday", "end_of_day"}


def in_order(tasks: dict[str, Any]) -> list[str]:
    """Task ids along the chain; fails where a task has not exactly one before it."""
    following = {tuple(task["after"]): name for name, task in tasks.items()}
    assert len(following) == len(tasks), "two tasks follow the same one"
    ordered = [following[()]]
    while (after := (ordered[-1],)) in following:
        ordered.append(following[after])
    assert len(ordered) == len(tasks)
    return ordered


def test_intraday_runs_every_five_minutes_in_session(described: dict[str, Any]) -> None:
    dag = described["dags"]["intraday"]
    assert dag["schedule"] == "*/5 * * * *"
    assert in_order(dag["tasks"]) == ["in-session", "update-bars", "check-bars", "refresh-marts"]


def test_end_of_day_runs_every_step_of_the_command_in_its_order(described: dict[str, Any]) -> None:
    dag = described["dags"]["end_of_day"]
    assert dag["schedule"] == "30 22 * * 1-5"
    steps = [step.name for step in CHAIN]
    assert in_order(dag["tasks"]) == ["is-session", *steps, "run-record"]
    for step in steps:
        assert dag["tasks"][step]["command"] == f"tapeline eod --date {{{{ ds }}}} --step {step} --json"


def test_a_backfill_makes_one_run_per_business_date_and_runs_know_it(described: dict[str, Any]) -> None:
    moments = [datetime.fromisoformat(one) for one in described["dags"]["end_of_day"]["backfill"]]
    assert [moment.date() for moment in moments] == business_dates(date(2013, 10, 28), date(2013, 11, 8))
    for moment in moments:  # New York puts its clocks back on 3 November
        assert moment > fx_close(moment.date()), "the FX day is over"
        assert moment.utcoffset() == timedelta(0), "so {{ ds }} is the date"


@pytest.mark.parametrize("name", ["intraday", "end_of_day"])
def test_one_run_at_a_time_and_a_deadline(described: dict[str, Any], name: str) -> None:
    dag = described["dags"][name]
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
    (deadline,) = dag["deadlines"]
    assert deadline["after"] == "DagRunLogicalDateDeadline"
    assert deadline["calls"] == "tapeline_schedule.alerts.record_late"
    # A chain that needs no retry is done in time; every task at its limit is not what the alert allows.
    assert 0 < deadline["seconds"] < sum(task["timeout_s"] for task in dag["tasks"].values())


@pytest.mark.parametrize("name", ["intraday", "end_of_day"])
def test_every_task_is_retried_bounded_and_told_of(described: dict[str, Any], name: str) -> None:
    for task in described["dags"][name]["tasks"].values():
        assert task["retries"] == 3
        assert task["back_off"]
        assert 60 <= task["timeout_s"] <= 3600
        assert task["on_failure"] == ["record_failure"]


@pytest.mark.parametrize("name", ["intraday", "end_of_day"])
def test_every_task_is_a_command_that_a_person_has(described: dict[str, Any], name: str) -> None:
    group = typer.main.get_command(app)
    for task in described["dags"][name]["tasks"].values():
        rendered = task["command"].replace("{{ ds }}", "2013-10-07")
        rendered = rendered.replace("{{ logical_date.isoformat() }}", "2013-10-07T15:00:00+00:00")
        assert "{{" not in rendered
        program, *arguments = shlex.split(rendered)
        assert program == "tapeline"
        parse(group, arguments)


def parse(group: Any, arguments: list[str]) -> None:
    """Parse without running; an unknown command or option raises."""
    context = group.make_context("tapeline", list(arguments), resilient_parsing=False)
    while hasattr(context.command, "commands"):
        name, command, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)
