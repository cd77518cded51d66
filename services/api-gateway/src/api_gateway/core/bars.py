"""Bars of two places as one list: stored final bars, and those in memory that are newer or not final yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from api_gateway.core.view import surer
from contracts import Bar

BarKey = tuple[datetime, int]
"""(window_start, revision): the order of a list of bars."""

LAST_REVISION = 2**31 - 1
"""Behind every revision of a window."""


def merged(stored: Sequence[Bar], remembered: Iterable[Bar], *, all_revisions: bool) -> list[Bar]:
    """Oldest first: the surest bar per window; or all revisions, unfinished bars only where none is final."""
    final = {bar.window_start for bar in stored}
    found: dict[BarKey, Bar] = {}
    for bar in (*stored, *remembered):
        if all_revisions and bar.status != "final" and bar.window_start in final:
            continue
        key = (bar.window_start, bar.revision if all_revisions else 0)
        held = found.get(key)
        if held is None or surer(bar, held):
            found[key] = bar
    return [found[key] for key in sorted(found)]


def behind(bars: Iterable[Bar], after: BarKey | None) -> list[Bar]:
    """The bars that come after a key."""
    return [bar for bar in bars if after is None or (bar.window_start, bar.revision) > after]
