"""`tapeline replay FILE`: the producer sends a file; with --wait until the platform has taken it in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts import topics
from tapeline_cli.connection import Connection
from tapeline_cli.output import JsonOption, console, print_json
from tapeline_cli.progress import SPARK, Offsets, OnProgress, wait_taken_in
from tapeline_cli.progress_bar import progress_bar

# Who has to have taken in the ticks: the table that bars are made from, and the values.
TICK_GROUPS = (SPARK, "valuation")
WAIT_S = 600.0


def register(app: typer.Typer) -> None:
    # Everything this command does not know is the producer's: --symbols, --shuffle-within, --seed ...
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(replay)


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of trades or quotes.")],
    speed: Annotated[str, typer.Option(help="1, 0.5, 60x or max.")] = "max",
    retime: Annotated[
        str | None, typer.Option(help="now: shift the times so that the first tick is now.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Feed name; without it the file's name.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when Bronze and valuation have it.")] = False,
    wait_limit: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Send the ticks of a file. More options, after FILE: `python -m producer replay --help`."""
    if str(file).startswith("-"):
        raise typer.BadParameter(f"give FILE before {file}, which is an option of the producer")
    connection = Connection.of_stack()
    named = {"--speed": speed, "--retime": retime, "--source": source}
    options = [text for name, value in named.items() if value is not None for text in (name, value)]
    summary = _run_producer(connection.kafka, [str(file), *options, *context.args])
    if wait:
        began = time.monotonic()
        with progress_bar("taken in") as on_progress:
            wait_for_ticks(Offsets(connection.kafka), wait_limit, on_progress)
        summary["waited_seconds"] = round(time.monotonic() - began, 3)
    if as_json:
        print_json(summary)
    else:
        console.print(_as_text(summary), markup=False)


def wait_for_ticks(offsets: Offsets, timeout_s: float, on_progress: OnProgress) -> None:
    """Return when everything that is on the raw topic now has gone through ingestor, Bronze and valuation."""
    deadline = time.monotonic() + timeout_s
    wait_taken_in(offsets, {"tick-ingestor": offsets.written([topics.TICKS_RAW])}, timeout_s, on_progress)
    # The ingestor commits after its output is acknowledged, so all of its ticks are on the topic now.
    ticks = offsets.written([topics.TICKS])
    rest_s = max(deadline - time.monotonic(), 1.0)
    wait_taken_in(offsets, dict.fromkeys(TICK_GROUPS, ticks), rest_s, on_progress)


def _run_producer(bootstrap: str, arguments: list[str]) -> dict[str, Any]:
    """The producer is a service and not imported here; it prints its progress itself and a JSON summary."""
    command = [sys.executable, "-m", "producer", "replay", *arguments, "--kafka", bootstrap, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
    return json.loads(done.stdout)


def _as_text(summary: dict[str, Any]) -> str:
    text = (
        f"sent {summary['sent']:,} events as {summary['source']} in {summary['seconds']:.1f} s "
        f"({summary['ticks_per_second']:,}/s): {summary['rows']:,} rows, "
        f"{summary['duplicates']:,} duplicates, {summary['malformed']:,} malformed"
    )
    waited = summary.get("waited_seconds")
    return text if waited is None else f"{text}; taken in after {waited:.1f} s more"
