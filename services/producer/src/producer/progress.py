"""How far a replay is: a bar on a terminal, a line every few seconds elsewhere. On standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producer.loop import Sent
from producer.replay import OnTurn

LINE_EVERY_S = 5.0


@contextmanager
def shown(title: str) -> Iterator[OnTurn]:
    """A callback that shows the progress of one replay."""
    if sys.stderr.isatty():
        with _bar(title) as on_turn:
            yield on_turn
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[OnTurn]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield lambda total, sent: progress.update(task, total=total, completed=sent.total)


def _lines(title: str) -> OnTurn:
    last = time.monotonic()

    def on_turn(total: int, sent: Sent) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            sys.stderr.write(f"{title}: {sent.total} of {total} events sent\n")

    return on_turn
