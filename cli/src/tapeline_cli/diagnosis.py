"""Commands that look: status, doctor, logs. They change nothing."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from rich.table import Table

from contracts import topics
from local_stack import doctor as examination
from local_stack.errors import StackError
from local_stack.health import Component, components, unwell
from local_stack.stack import Stack
from tapeline_cli import exits
from tapeline_cli.output import JsonOption, console, errors, fail, print_json
from tapeline_cli.progress import Offsets, consumer_targets

_FOLLOW_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(doctor)
    app.command()(logs)


def status(as_json: JsonOption = False) -> None:
    """Every process with its state, pid, uptime and lag, and the command that mends what is wrong."""
    stack = Stack.here()
    found = components(stack)
    lags = _lags(stack, found)
    wrong = list(unwell(found))
    if as_json:
        rows = [{**asdict(one), "lag": _lag_of(one.name, lags)} for one in found]
        about = {"state_dir": str(stack.state.root), "healthy": not wrong, "scheduler": stack.scheduler}
        print_json({**about, "components": rows, "groups": lags})
    else:
        _print_components(found, lags)
        console.print(f"schedule: {stack.schedule}", markup=False)
    if wrong:
        raise typer.Exit(exits.UNHEALTHY)


def doctor(as_json: JsonOption = False) -> None:
    """Check everything the platform stands on; print how to mend what is wrong."""
    findings = list(examination.examine(Stack.here()))
    if as_json:
        print_json({"healthy": all(one.ok for one in findings), "checks": [asdict(one) for one in findings]})
    else:
        for one in findings:
            console.print(f"{'ok   ' if one.ok else 'WRONG'} {one.check:<18} {one.detail}", markup=False)
            if not one.ok:
                console.print(f"      fix: {one.fix}", markup=False)
    if not all(one.ok for one in findings):
        raise typer.Exit(exits.UNHEALTHY)


def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Components; without one, all.")] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until interrupted.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="Last lines of each.")] = 40,
) -> None:
    """Print the end of the logs."""
    directory = Stack.here().state.logs_dir
    known = {path.stem: path for path in sorted(directory.glob("*.log"))}
    for name in services or ():
        if name not in known:
            fail(f"there is no log of {name!r} in {directory}", f"one of: {', '.join(known) or 'none yet'}")
    chosen = {name: known[name] for name in services or known}
    is_alone = services is not None and len(chosen) == 1
    width = max(map(len, chosen), default=0)
    ends: dict[str, int] = {}
    for name, path in chosen.items():
        text, ends[name] = _read_from(path, 0)
        for line in deque(text.splitlines(), maxlen=lines):
            _print_line("" if is_alone else name, width, line)
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        for name, path in chosen.items():
            text, ends[name] = _read_from(path, ends[name])
            for line in text.splitlines():
                _print_line("" if is_alone else name, width, line)


def _read_from(path: Path, offset: int) -> tuple[str, int]:
    """Whole lines from the offset on, and where to go on; a file that shrank was rotated and is read anew."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(offset if size >= offset else 0)
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        return whole.decode(errors="replace"), file.tell() - (len(data) - len(whole))


def _print_line(name: str, width: int, line: str) -> None:
    prefix = f"{name:<{width}} | " if name else ""
    typer.echo(prefix + line)


def _lags(stack: Stack, found: list[Component]) -> dict[str, int]:
    """Records that each consumer group has not taken in yet; empty where Kafka does not answer."""
    if not any(one.name == "kafka" and one.ready for one in found):
        return {}
    offsets = Offsets(stack.endpoints.kafka)
    try:
        targets = consumer_targets(offsets, [topic for topic in topics.ALL if topic.consumers])
        # A group without a target reads topics nobody has written to.
        return {
            group: offsets.behind(group, target).missing if target else 0 for group, target in targets.items()
        }
    except (KafkaException, StackError) as error:
        errors.print(f"lag is unknown: {error}", markup=False)
        return {}


def _lag_of(name: str, lags: dict[str, int]) -> int | None:
    """Sum over the groups of one service: `<service>` and `<service>.<purpose>`."""
    own = [lag for group, lag in lags.items() if group.partition(".")[0] == name]
    return sum(own) if own else None


def _print_components(found: list[Component], lags: dict[str, int]) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("component", "state", "ready", "pid", "uptime", "lag"):
        table.add_column(heading, justify="right" if heading in ("pid", "uptime", "lag") else "left")
    for one in found:
        lag = _lag_of(one.name, lags)
        cells = (one.name, one.state, "yes" if one.ready else "no", str(one.pid or "-"))
        table.add_row(*cells, _duration(one.uptime_seconds), "-" if lag is None else str(lag))
    console.print(table)
    for line in _remedies(found):
        console.print(line, markup=False)


def _remedies(found: list[Component]) -> Iterator[str]:
    """One line per problem and fix, so that a stack that is down is told once."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in unwell(found):
        names.setdefault((one.problem, one.fix), []).append(one.name)
    for (problem, fix), affected in names.items():
        yield f"{problem}: {', '.join(affected)}\n  fix: {fix}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if seconds else "-"
