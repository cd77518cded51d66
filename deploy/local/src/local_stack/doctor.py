"""Looks at everything the stack stands on and says what to do about what is wrong."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from local_stack import health, jars, processes
from local_stack.errors import StackError
from local_stack.ports import is_free
from local_stack.services import POSTGRES, ports_of
from local_stack.stack import LEAST_FREE_BYTES, Stack

_LEAST_MEMORY_BYTES = 4 << 30


@dataclass(frozen=True)
class Finding:
    """Result of one check; `fix` is a command or setting where `ok` is false."""

    check: str
    ok: bool
    detail: str
    fix: str = ""


def examine(stack: Stack) -> Iterator[Finding]:
    """All checks, the cheap and basic ones first. A check that cannot be made is a finding, never a crash."""
    checks: tuple[Callable[[Stack], Iterator[Finding]], ...] = (
        _python,
        _java,
        _room,
        _libraries,
        _processes,
        _ports,
        _private_files,
        _components,
        _schema,
    )
    for check in checks:
        try:
            yield from check(stack)
        except StackError as error:
            yield Finding(check.__name__.strip("_"), False, error.problem, error.fix)


def _python(_: Stack) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _java(stack: Stack) -> Iterator[Finding]:
    yield Finding("java", True, f"{stack.java.version_text} from {stack.java.source}, {stack.java.home}")


def _room(stack: Stack) -> Iterator[Finding]:
    root = stack.state.root
    free = shutil.disk_usage(root if root.exists() else root.parent).free
    move = "free some space, or set TAPELINE_HOME to a directory on another disk"
    yield Finding("disk", free >= LEAST_FREE_BYTES, f"{free / 2**30:.1f} GiB free for {root}", move)
    memory = psutil.virtual_memory().total
    yield Finding("memory", memory >= _LEAST_MEMORY_BYTES, f"{memory / 2**30:.1f} GiB", "4 GiB are needed")


def _libraries(stack: Stack) -> Iterator[Finding]:
    for set_name in jars.SETS:
        bad = jars.damaged(set_name, stack.state.jars_dir / set_name)
        total = len(jars.locked(set_name))
        detail = f"{total - len(bad)} of {total} verified"
        yield Finding(
            f"{set_name} libraries", not bad, detail, "tapeline up (fetches what is missing or differs)"
        )


def _processes(stack: Stack) -> Iterator[Finding]:
    if stack.supervisor.answers():
        yield Finding("supervisor", True, "answers")
        return
    left = processes.of_stack(stack.state)
    yield Finding("supervisor", False, "does not run", "tapeline up")
    pids = ", ".join(str(process.pid) for process in left)
    detail = f"processes without a supervisor: {pids}" if left else "no left-over processes"
    yield Finding("stale processes", not left, detail, "tapeline down")


def _ports(stack: Stack) -> Iterator[Finding]:
    """A port that somebody else holds; one of ours in use by us is fine."""
    held = ports_of({name for name, program in stack.supervisor.programs().items() if program.pid})
    taken = [
        f"{port} ({name})"
        for name, port in stack.remembered_ports.items()
        if name not in held and not is_free(port)
    ]
    detail = f"taken by another program: {', '.join(taken)}" if taken else "free or ours"
    yield Finding("ports", not taken, detail, "tapeline down; tapeline up (chooses others)")


def _private_files(stack: Stack) -> Iterator[Finding]:
    for path in (stack.state.client_file, stack.state.key_file):
        if path.exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            yield Finding(path.name, mode == 0o600, f"mode {mode:o}", f"chmod 600 {path}")


def _components(stack: Stack) -> Iterator[Finding]:
    for component in health.components(stack):
        detail = component.problem or f"{component.state}, {'ready' if component.ready else 'not started'}"
        yield Finding(component.name, not component.problem, detail, component.fix)


def _schema(stack: Stack) -> Iterator[Finding]:
    if not stack.is_made or not (stack.external_dsn or stack.database.is_ready()):
        yield Finding("schema ops", False, f"{POSTGRES} does not answer", "tapeline up")
        return
    from store.migrate import current, head

    found = current(stack.endpoints.postgres)
    yield Finding("schema ops", found == head(), f"at {found}, the code needs {head()}", "tapeline up")
