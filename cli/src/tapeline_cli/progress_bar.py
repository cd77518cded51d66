"""Shows how far long work is: a bar on a terminal, a line every few seconds elsewhere. On standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tapeline_cli.output import errors
from tapeline_cli.progress import OnProgress

LINE_EVERY_S = 5.0


@contextmanager
def progress_bar(title: str) -> Iterator[OnProgress]:
    """A callback (done, total) that shows the progress of one piece of work."""
    if not errors.is_terminal:
        yield _lines(title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _lines(title: str) -> OnProgress:
    last = time.monotonic()

    def on_progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            errors.print(f"{title}: {done} of {total}", markup=False)

    return on_progress
