"""The whole end of day in order: what the platform must have done first, the steps of endofday, what follows.

The outer steps call the commands a person has, so a repeat is as harmless as repeating those.
"""

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from endofday.steps import STEPS, Step
from local_stack.processes import end_tree
from tapeline_cli.bars import aggregator_url, run_silver_job, wait_for_values
from tapeline_cli.connection import Connection, request_json
from tapeline_cli.progress import Offsets
from tapeline_cli.replay import wait_for_ticks

WAIT_S = 900.0
COMMAND_TIMEOUT_S = 1800.0
COMPACT_TIMEOUT_S = 1800.0
TAPELINE = (sys.executable, "-m", "tapeline_cli")
REPORTS = ("daily-pnl", "risk-exposure")
TOLD_CHARACTERS = 2000


class CommandFailed(RuntimeError):
    """A command of the end of day left with an error."""


def wait_for_data(_: dt.date) -> dict[str, Any]:
    """Everything sent so far is in Bronze and valued, and every window that is over has its final bars and
    its official values.

    Raises NotTakenIn naming who is how far behind when that takes too long.
    """
    offsets = Offsets(Connection.of_stack().kafka)
    wait_for_ticks(offsets, WAIT_S, lambda done, total: None)
    made = run_silver_job(aggregator_url())
    wait_for_values(offsets, WAIT_S, lambda done, total: None)
    return {"windows": made["windows"], "bars_new": made["bars_new"], "bars_revised": made["bars_revised"]}


def build_warehouse(_: dt.date) -> dict[str, Any]:
    """Build and test schema gold. Raises CommandFailed when a test fails."""
    _command("warehouse", "build")
    return {}


def export_reports(date: dt.date) -> dict[str, Any]:
    """Both reports in every format."""
    for name in REPORTS:
        _command("report", name, "--date", date.isoformat(), "--format", "all")
    return {"reports": len(REPORTS)}


def compact_lake(_: dt.date) -> dict[str, Any]:
    """Merge small files of the Delta tables and delete what no reader needs."""
    done = request_json("POST", aggregator_url() + "/jobs/compact", timeout_s=COMPACT_TIMEOUT_S)
    counts = ("partitions", "files_removed", "files_added")
    return {name: sum(table[name] for table in done["tables"]) for name in counts}


def _command(*arguments: str) -> None:
    """Run a tapeline command; what it prints goes to standard error, the end of it into the failure."""
    failed = ""
    with subprocess.Popen(
        [*TAPELINE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=COMMAND_TIMEOUT_S)
            if process.returncode:
                failed = f"left {process.returncode}"
        except subprocess.TimeoutExpired:
            # dbt would go on writing beside the next attempt. Not by a session of its own for the command:
            # then Ctrl-C, and a scheduler that ends our group, would not reach it.
            end_tree(process.pid)
            printed, _ = process.communicate()
            failed = f"was ended after {COMMAND_TIMEOUT_S:.0f} s"
    sys.stderr.write(printed)
    if failed:
        raise CommandFailed(f"tapeline {' '.join(arguments)} {failed}:\n{printed[-TOLD_CHARACTERS:]}")


def _outer(work: Callable[[dt.date], dict[str, Any]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A step that waits for other processes, not for the database."""

    async def run(_: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
        return await asyncio.to_thread(work, date)

    return run


CHAIN: tuple[Step, ...] = (
    Step("wait", "everything sent is taken in, has final bars and is valued", _outer(wait_for_data)),
    *STEPS,
    Step("warehouse", "schema gold built and tested", _outer(build_warehouse)),
    Step("reports", "both reports in every format", _outer(export_reports)),
    Step("compact", "small files of the lake merged", _outer(compact_lake)),
)
