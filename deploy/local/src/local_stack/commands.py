"""Runs commands of the platform beside us, to their end or ours; nothing that they started is left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

TAPELINE = (sys.executable, "-m", "tapeline_cli")
# Sooner than supervisord kills us, which would leave the group to itself.
GRACE_S, GROUP_POLL_S = 2.0, 0.1


async def run_command(command: Sequence[str], stop: asyncio.Event, limit_s: float | None = None) -> int:
    """Run a command in a group of its own, at most so long, and return how it left.

    The whole group is ended: dbt is a child of its child, and alone it would write beside the next attempt.
    """
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True)
    stopping, ending = asyncio.create_task(stop.wait()), asyncio.create_task(process.wait())
    await asyncio.wait([stopping, ending], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await _end_group(process.pid)
    return await ending


async def _end_group(leader: int) -> None:
    """Ask every process of a group to stop, and kill what does not in time."""
    polls = round(GRACE_S / GROUP_POLL_S)
    for number in (signal.SIGTERM, *[0] * polls, signal.SIGKILL):
        try:
            os.killpg(leader, number)
        except ProcessLookupError:
            return
        await asyncio.sleep(GROUP_POLL_S)
