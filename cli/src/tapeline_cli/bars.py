"""`tapeline bars run`: the Silver job now instead of at the next five minutes."""

from __future__ import annotations

import os
from typing import Any

import typer

from local_stack.stack import Stack
from tapeline_cli.connection import request_json
from tapeline_cli.output import JsonOption, console, print_json

JOB = "/jobs/silver-bars"
TIMEOUT_S = 600.0
URL_VARIABLE = "TAPELINE_AGGREGATOR_URL"

group = typer.Typer(help="Five-minute bars.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="bars")


@group.command()
def run(as_json: JsonOption = False) -> None:
    """Make the final bars of all closed windows; harmless when repeated. Waits for a run that is going on."""
    result = run_silver_job(aggregator_url())
    if as_json:
        print_json(result)
    else:
        console.print(", ".join(f"{name} {value}" for name, value in result.items()), markup=False)


def aggregator_url() -> str:
    """Where bar-aggregator takes jobs: $TAPELINE_AGGREGATOR_URL, else that of the local stack."""
    return os.environ.get(URL_VARIABLE) or Stack.here().endpoints.url("bar-aggregator")


def run_silver_job(url: str) -> dict[str, Any]:
    """Run the job and return what it did. Raises StackError when it fails or cannot be reached."""
    return request_json("POST", url + JOB, timeout_s=TIMEOUT_S)
