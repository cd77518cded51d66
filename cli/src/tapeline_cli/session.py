"""`tapeline session`: whether anything that is loaded trades, for schedules."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from tapeline_cli import exits
from tapeline_cli.connection import Connection
from tapeline_cli.moments import parse_moment
from tapeline_cli.output import JsonOption, console, print_json

OTC = "OTC"


def register(app: typer.Typer) -> None:
    app.command()(session)


def session(
    date: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Any session of this date?")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="In session at this moment, ISO 8601 with zone? Without both: now.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Name the exchanges of loaded instruments that trade; exit code 6 when none does."""
    if date is not None and at is not None:
        raise typer.BadParameter("give --date or --at, not both")
    moment = dt.datetime.now(dt.UTC) if at is None else parse_moment(at, "--at")
    # Imported here: calendars take seconds, which every other command would pay.
    from endofday.adapters.trading import exchanges
    from endofday.core.trading import trades_at, trades_on
    from store.database import READER, Database

    dsn = Connection.of_stack().postgres
    with Database(dsn, application="tapeline-cli", max_size=1, role=READER) as database:
        known = database.run(exchanges(database.pool))
    trading = [
        exchange or OTC
        for exchange in known
        if (trades_at(exchange, moment) if date is None else trades_on(exchange, date.date()))
    ]
    if as_json:
        print_json({"about": moment if date is None else date.date(), "trading": trading})
    else:
        console.print(", ".join(trading) or "nothing trades", markup=False)
    if not trading:
        raise typer.Exit(exits.NOTHING_TO_DO)
