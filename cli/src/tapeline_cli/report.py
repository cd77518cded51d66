"""`tapeline report`: the two finance reports of a business date."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from local_stack.state import StateDir
from tapeline_cli.connection import Connection
from tapeline_cli.moments import parse_moment
from tapeline_cli.output import console, fail

if TYPE_CHECKING:
    from reports.catalog import Report


class Name(StrEnum):
    """The reports there are."""

    DAILY_PNL = "daily-pnl"
    RISK_EXPOSURE = "risk-exposure"


class FileFormat(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"
    JSON = "json"
    ALL = "all"


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    name: Annotated[Name, typer.Argument(help="Which report.")],
    date: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Business date.")],
    known_at: Annotated[
        str | None, typer.Option(help="As known at this moment, ISO 8601 with zone; without it now.")
    ] = None,
    file_format: Annotated[FileFormat, typer.Option("--format", help="One format or all.")] = FileFormat.ALL,
    out: Annotated[
        Path | None, typer.Option(help="Directory; else reports/DATE in the platform's state.")
    ] = None,
) -> None:
    """Write a report of a business date from the warehouse. The same date and moment give the same bytes."""
    # Imported here: it brings NumPy and asyncpg, which every other command would pay.
    from reports.adapters.gold import ReportUnavailable
    from reports.catalog import FORMATS

    moment = None if known_at is None else parse_moment(known_at, "--known-at")
    day, target = date.date(), out or StateDir.from_environment().root / "reports" / f"{date:%Y-%m-%d}"
    try:
        made = _made(name, day, moment)
    except ReportUnavailable as error:
        fail(str(error), error.fix)
    target.mkdir(parents=True, exist_ok=True)
    for one in FORMATS:
        if file_format in (FileFormat.ALL, one):
            path = target / f"{name}-{day}.{one}"
            path.write_bytes(made.rendered(one))
            console.print(str(path), markup=False)


def _made(name: str, date: dt.date, known_at: dt.datetime | None) -> Report:
    from reports.catalog import make_report
    from store.database import READER, Database

    dsn = Connection.of_stack().postgres
    with Database(dsn, application="tapeline-report", max_size=1, role=READER) as database:
        return database.run(make_report(database.pool, name, date, known_at))
