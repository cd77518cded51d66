"""A process that gives way does so with every thread, later ones included."""

import os
import subprocess
import sys
from pathlib import Path

from bar_aggregator.adapters.priority import give_way

NICENESS = os.getpriority(os.PRIO_PROCESS, 0) + 3
THREADS = 3
# A thread for each line that is read; the answer tells that it runs.
PROGRAM = """
import sys, threading
for line in sys.stdin:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    print(threading.active_count(), flush=True)
"""


def test_every_thread_gives_way_and_a_new_one_too() -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(THREADS):
            start_thread(process)
        give_way(process.pid, NICENESS)
        start_thread(process)
        assert priorities(process.pid) == [NICENESS] * (THREADS + 2)
        process.kill()


def start_thread(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()


def priorities(pid: int) -> list[int]:
    return [os.getpriority(os.PRIO_PROCESS, int(one.name)) for one in Path(f"/proc/{pid}/task").iterdir()]
