"""Priority on the processor: who gives way when there are not enough cores."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def give_way(pid: int, niceness: int) -> None:
    """Lower the priority of every thread of a process, and so of those that they start.

    Threads that are as nice or nicer stay as they are: to become less nice needs a right.
    """
    # A thread not reached yet may have started another one: look until none is left.
    while eager := [thread for thread, nice in _threads(pid) if nice < niceness]:
        for thread in eager:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, thread, niceness)


def _threads(pid: int) -> Iterator[tuple[int, int]]:
    """Id and niceness of each thread that lives."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            yield int(task.name), os.getpriority(os.PRIO_PROCESS, int(task.name))
