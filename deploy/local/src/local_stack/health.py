"""What runs, what does not, and the command that mends it."""

from collections.abc import Iterator
from dataclasses import dataclass

from local_stack.prometheus import PROMETHEUS
from local_stack.services import BY_NAME, FEED, KAFKA, POSTGRES, SCHEDULER, SERVICES
from local_stack.stack import Stack, readiness
from local_stack.supervision import ProgramState


@dataclass(frozen=True)
class Component:
    """One part of the stack. `state` is supervisord's word, `problem` is empty where all is well."""

    name: str
    state: str
    pid: int | None
    uptime_seconds: int
    ready: bool
    problem: str
    fix: str


def components(stack: Stack) -> list[Component]:
    """Every part in starting order."""
    programs = stack.supervisor.programs()
    names = (POSTGRES, KAFKA, *(service.name for service in SERVICES))
    if SCHEDULER in programs:
        names = (*names, SCHEDULER)
    if (extra := programs.get(PROMETHEUS)) is not None and extra.state != "stopped":
        names = (*names, PROMETHEUS)
    return [_component(stack, name, programs.get(name)) for name in names]


def _component(stack: Stack, name: str, program: ProgramState | None) -> Component:
    if name == POSTGRES and stack.external_dsn:
        return Component(name, "external", None, 0, ready=True, problem="", fix="")
    if program is None or program.state in ("stopped", "exited"):
        # The simulated market is optional: `up --feed none` leaves it out.
        problem, fix = ("", "") if name == FEED and program is not None else ("does not run", "tapeline up")
        return Component(name, "stopped", None, 0, ready=False, problem=problem, fix=fix)
    pid, uptime = program.pid or None, program.uptime_seconds
    if program.state in ("backoff", "fatal"):
        fix = f"tapeline logs {name}; then tapeline up"
        problem = f"fails to start: {program.note or 'exits at once'}"
        return Component(name, program.state, pid, uptime, ready=False, problem=problem, fix=fix)
    waits_for = _unreadiness(stack, name)
    fix = f"tapeline logs {name}" if waits_for else ""
    return Component(name, program.state, pid, uptime, waits_for is None, waits_for or "", fix)


def _unreadiness(stack: Stack, name: str) -> str | None:
    """None where the part answers, else what is wrong."""
    if name in BY_NAME:
        return readiness(stack.endpoints.url(name))
    checks = {
        POSTGRES: stack.database.is_ready,
        KAFKA: lambda: stack.broker.is_ready(),
        SCHEDULER: lambda: True,  # it runs, that is all: what it does stands in ops.run
        PROMETHEUS: lambda: stack.prometheus.is_ready(),
    }
    return None if checks[name]() else "does not answer"


def unwell(found: list[Component]) -> Iterator[Component]:
    """Parts with a problem."""
    return (component for component in found if component.problem)
