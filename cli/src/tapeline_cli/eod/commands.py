"""`tapeline eod`: runs the end of day of a business date, or tells what was tried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapeline_cli import exits
from tapeline_cli.connection import Connection
from tapeline_cli.eod.record import document, save
from tapeline_cli.output import JsonOption, console, errors, print_json

if TYPE_CHECKING:
    from endofday.adapters.runs import Attempt

Date = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Business date.")]
Since = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Run every business date from this one on."),
]
Steps = Annotated[
    list[str] | None, typer.Option("--step", help="Run this step only; may be given several times.")
]
Early = Annotated[
    bool,
    typer.Option("--early", help="Also run a date that is not over; a run after its close restates it."),
]
Status = Annotated[bool, typer.Option("--status", help="Run nothing; show what was tried for the date.")]
SaveRecord = Annotated[
    bool, typer.Option("--save-record", help="As --status, and write it beside the date's reports as JSON.")
]
Failure = Annotated[
    str | None,
    typer.Option(help="Run nothing; record that the step failed, where its process was ended from outside."),
]
RunId = Annotated[
    str | None,
    typer.Option("--run-id", help="With --record-failure: names what failed; told again, recorded once."),
]


def register(app: typer.Typer) -> None:
    app.command()(eod)


def eod(
    date: Date,
    since: Since = None,
    step: Steps = None,
    early: Early = False,
    status: Status = False,
    save_record: SaveRecord = False,
    record_failure: Failure = None,
    run_id: RunId = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze the numbers of a business date. Harmless when repeated: only what changed is written."""
    # Imported here: tables and calendars take seconds, which every other command would pay.
    from endofday.steps import chosen
    from quant import business_dates
    from tapeline_cli.eod.chain import CHAIN

    if status or save_record:
        found = _attempts(date.date())
        _show(found, as_json)
        if save_record and found:
            errors.print(f"written to {save(date.date(), found)}", markup=False)
        return
    if record_failure is not None:
        if step is None or len(step) != 1:
            raise typer.BadParameter("say which --step failed, one", param_hint="--record-failure")
        # Any name, any date: a scheduler's task that is no step of ours may fail on a Sunday.
        _show([_record(date.date(), step[0], record_failure, run_id)], as_json)
        return
    try:
        steps = chosen(step or (), CHAIN)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--step") from error
    dates = business_dates((since or date).date(), date.date())
    if not dates:
        span = f"{date:%Y-%m-%d} is a {date:%A}" if since is None else "there is none in this span"
        raise typer.BadParameter(f"{span}; business dates are Mondays to Fridays", param_hint="--date")
    if not early:
        _refuse_open(dates)
    _run(dates, steps, as_json)


def _refuse_open(dates: Sequence[dt.date]) -> None:
    """Closes taken at noon look like those of the evening: they are asked for in words."""
    from endofday.core.fx_day import fx_close

    now = dt.datetime.now(dt.UTC)
    if still_open := [date for date in dates if fx_close(date) > now]:
        ends = f"{still_open[0]} ends at 17:00 New York, {fx_close(still_open[0]):%Y-%m-%d %H:%M} UTC"
        raise typer.BadParameter(f"{ends}; wait for it, or give --early", param_hint="--date")


def _run(dates: Sequence[dt.date], steps: Sequence[Any], as_json: bool) -> None:
    """Tell each step as it ends, on standard error where standard output is for JSON."""
    from endofday import runner

    done = []
    for one in runner.run_steps(Connection.of_stack().postgres, dates, steps):
        done.append(one)
        out = errors if as_json or one.state == "failed" else console
        out.print(_line(one), markup=False)
    if as_json:
        print_json([document(one) for one in done])
    if any(one.state == "failed" for one in done):
        raise typer.Exit(exits.FAILED)


def _attempts(date: dt.date) -> list[Attempt]:
    from endofday.adapters.runs import attempts
    from store.database import READER, Database

    dsn = Connection.of_stack().postgres
    with Database(dsn, application="tapeline-eod", max_size=1, role=READER) as database:
        return database.run(attempts(database.pool, date))


def _record(date: dt.date, step: str, message: str, run_id: str | None) -> Attempt:
    from endofday.adapters.runs import record_failure
    from store.database import WRITER, Database

    dsn = Connection.of_stack().postgres
    with Database(dsn, application="tapeline-eod", max_size=1, role=WRITER) as database:
        return database.run(record_failure(database.pool, date, step, message, run_id))


def _show(found: Sequence[Attempt], as_json: bool) -> None:
    if as_json:
        print_json([document(one) for one in found])
        return
    for one in found:
        console.print(_line(one), markup=False)
    if not found:
        console.print("nothing was tried for this date")


def _line(one: Attempt) -> str:
    """One attempt for a person."""
    took = "" if one.seconds is None else f"{one.seconds:6.1f} s"
    told = [one.message] if one.message else [f"{name} {value}" for name, value in one.details.items()]
    return f"{one.date} {one.step:<17} {one.attempt:>3} {one.state:<8}{took:>9}  {', '.join(told)}".rstrip()
