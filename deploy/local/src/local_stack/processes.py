"""Finds processes of one stack that supervisord no longer knows, and ends them."""

import contextlib
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from local_stack.state import StateDir

# Every process of a stack inherits this variable with the path of the stack's directory: only such processes
# are ever ended.
STACK_VARIABLE = "TAPELINE_STACK"


def of_stack(state: StateDir) -> list[psutil.Process]:
    """Running processes of this stack, found by their environment, and PostgreSQL by its data directory."""
    own = psutil.Process().pid
    found = [process for process in psutil.process_iter() if process.pid != own and _belongs(process, state)]
    return sorted(found, key=lambda process: process.pid)


def end(processes: Iterable[psutil.Process], timeout_seconds: float = 3) -> int:
    """Ask processes to stop, kill what is left; returns how many there were."""
    living = list(processes)
    for process in living:
        _signal(process, kill=False)
    _, stubborn = psutil.wait_procs(living, timeout_seconds)
    for process in stubborn:
        _signal(process, kill=True)
    psutil.wait_procs(stubborn, 1)
    return len(living)


def end_tree(pid: int) -> int:
    """End a process and everything it started; returns how many there were."""
    try:
        root = psutil.Process(pid)
        return end([root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _belongs(process: psutil.Process, state: StateDir) -> bool:
    try:
        if process.environ().get(STACK_VARIABLE) == str(state.root):
            return process.status() != psutil.STATUS_ZOMBIE
        # PostgreSQL writes its titles over its environment.
        arguments = process.cmdline()
        return Path(arguments[0]).name == "postgres" and str(state.postgres_dir / "data") in arguments
    except (psutil.Error, OSError, IndexError):
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    """SIGTERM makes PostgreSQL wait for its clients; SIGINT is its fast, clean stop."""
    with contextlib.suppress(psutil.NoSuchProcess):
        gentle = signal.SIGINT if process.name() == "postgres" else signal.SIGTERM
        process.send_signal(signal.SIGKILL if kill else gentle)
