"""`tapeline bars`: the Silver job now instead of at the next five minutes, and whether bars are missing."""

from __future__ import annotations

import datetime as dt
import os
import time
from typing import Annotated, Any

import typer

from contracts import topics
from local_stack.stack import Stack
from tapeline_cli import exits
from tapeline_cli.connection import Connection, request_json
from tapeline_cli.output import JsonOption, console, print_json
from tapeline_cli.progress import Offsets, OnProgress, wait_taken_in
from tapeline_cli.progress_bar import progress_bar

JOB = "/jobs/silver-bars"
TIMEOUT_S = 600.0
WAIT_S = 600.0
URL_VARIABLE = "TAPELINE_AGGREGATOR_URL"

AgainFrom = Annotated[
    dt.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="Look at every window from this trade date on again: mends lost bars."
    ),
]

group = typer.Typer(help="Five-minute bars.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="bars")


@group.command()
def run(
    wait: Annotated[bool, typer.Option("--wait", help="Return when portfolios are valued at them.")] = False,
    wait_limit: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = WAIT_S,
    again_from: AgainFrom = None,
    as_json: JsonOption = False,
) -> None:
    """Make the final bars of all closed windows; harmless when repeated. Waits for a run that is going on."""
    result = run_silver_job(aggregator_url(), None if again_from is None else again_from.date())
    if wait:
        began = time.monotonic()
        with progress_bar("valued") as on_progress:
            wait_for_values(Offsets(Connection.of_stack().kafka), wait_limit, on_progress)
        result["waited_seconds"] = round(time.monotonic() - began, 3)
    if as_json:
        print_json(result)
    else:
        console.print(", ".join(f"{name} {value}" for name, value in result.items()), markup=False)


@group.command()
def check(
    windows: Annotated[int, typer.Option(min=1, help="How many of the newest windows to look at.")] = 12,
    as_json: JsonOption = False,
) -> None:
    """Tell which final bars are missing; exit code 1 when there are any."""
    # Imported here: calendars take seconds, which every other command would pay.
    from endofday.adapters.completeness import completeness
    from store.database import READER, Database

    dsn = Connection.of_stack().postgres
    with Database(dsn, application="tapeline-cli", max_size=1, role=READER) as database:
        market_time, found = database.run(completeness(database.pool, windows))
    missing = [{"symbol": symbol, "window_start": start.isoformat()} for symbol, start in found.missing]
    if as_json:
        told = {"windows": found.windows, "symbols": found.symbols, "missing": missing}
        print_json({"market_time": market_time, **told})
    else:
        for one in missing:
            console.print(f"{one['symbol']:<12} {one['window_start']}  no final bar", markup=False)
        console.print(
            f"{len(missing)} missing in {found.windows} windows of {found.symbols} symbols", markup=False
        )
    if missing:
        raise typer.Exit(exits.FAILED)


def aggregator_url() -> str:
    """Where bar-aggregator takes jobs: $TAPELINE_AGGREGATOR_URL, else that of the local stack."""
    return os.environ.get(URL_VARIABLE) or Stack.here().endpoints.url("bar-aggregator")


def run_silver_job(url: str, again_from: dt.date | None = None) -> dict[str, Any]:
    """Run the job and return what it did. Raises StackError when it fails or cannot be reached."""
    body = None if again_from is None else {"again_from": again_from.isoformat()}
    return request_json("POST", url + JOB, body=body, timeout_s=TIMEOUT_S)


def wait_for_values(offsets: Offsets, timeout_s: float, on_progress: OnProgress) -> None:
    """Return when every bar that is on its topic now is valued, and the values are stored.

    valuation commits a bar only after the official values that follow from it. Raises NotTakenIn.
    """
    wait_taken_in(offsets, {"valuation": offsets.written([topics.BARS])}, timeout_s, on_progress)
