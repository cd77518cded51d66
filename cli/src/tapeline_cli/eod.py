"""`tapeline eod`: the end of day of a business date."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from tapeline_cli import exits
from tapeline_cli.connection import Connection
from tapeline_cli.output import JsonOption, console, errors, print_json


def register(app: typer.Typer) -> None:
    app.command()(eod)


def eod(
    date: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Business date.")],
    since: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Run every business date from this one on."),
    ] = None,
    step: Annotated[str | None, typer.Option(help="Run this step only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze the numbers of a business date. Harmless when repeated: only what changed is written."""
    # Imported here: tables and calendars take seconds, which every other command would pay.
    from endofday.runner import run_steps
    from endofday.steps import chosen
    from quant import business_dates

    try:
        steps = chosen(step)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--step") from error
    dates = business_dates((since or date).date(), date.date())
    if not dates:
        span = f"{date:%Y-%m-%d} is a {date:%A}" if since is None else "there is none in this span"
        raise typer.BadParameter(f"{span}; business dates are Mondays to Fridays", param_hint="--date")
    results = []
    for result in run_steps(Connection.of_stack().postgres, dates, steps):
        results.append(result)
        told = ", ".join(f"{name} {value}" for name, value in result.details.items())
        out = errors if as_json or result.status == "failed" else console
        out.print(f"{result.date} {result.step:<12} {result.seconds:5.1f} s  {told}", markup=False)
    if as_json:
        print_json(
            [
                {
                    "date": one.date,
                    "step": one.step,
                    "status": one.status,
                    "seconds": round(one.seconds, 3),
                    "details": one.details,
                }
                for one in results
            ]
        )
    if any(one.status == "failed" for one in results):
        raise typer.Exit(exits.FAILED)
