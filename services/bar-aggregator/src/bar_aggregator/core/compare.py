"""Provisional bars beside the final ones."""

from collections import OrderedDict
from datetime import datetime

from contracts import Bar
from contracts.bars import different_fields


class RecentBars:
    """The newest provisional bars, at most `limit`, until their final bar comes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bars: OrderedDict[tuple[str, datetime], Bar] = OrderedDict()

    def add(self, bar: Bar) -> None:
        """Remember a provisional bar; a later one of the same window replaces it."""
        self._bars[bar.symbol, bar.window_start] = bar
        while len(self._bars) > self._limit:
            self._bars.popitem(last=False)

    def compare(self, final: Bar) -> tuple[str, ...] | None:
        """Fields that differ in the first final bar of a window, `()` when equal; None when there is nothing
        to compare: no provisional bar was made or kept, or the final bar is a later correction."""
        provisional = self._bars.pop((final.symbol, final.window_start), None)
        if provisional is None or final.revision != 1:
            return None
        return different_fields(provisional, final)

    def __len__(self) -> int:
        return len(self._bars)
