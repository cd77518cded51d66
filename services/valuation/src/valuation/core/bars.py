"""Closes of final bars by symbol and window, each with its newest revision."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from contracts import Bar
from valuation.core.moments import to_text, to_us


class Close(NamedTuple):
    """The close of one final bar. `as_of_us` is the event time of its last tick."""

    symbol: str
    window_start_us: int
    window_end_us: int
    value: Decimal
    currency: str
    as_of_us: int
    revision: int

    @property
    def price_id(self) -> str:
        """Name of the bar revision, for evidence."""
        return f"bar:{self.symbol}:{to_text(self.window_start_us)}:{self.revision}"


def close_of(bar: Bar) -> Close:
    """What valuation needs of a final bar."""
    return Close(
        bar.symbol,
        to_us(bar.window_start),
        to_us(bar.window_end),
        bar.close,
        bar.currency,
        to_us(bar.as_of),
        bar.revision,
    )


class BarCloses:
    """Closes from `since_us` on, and for each symbol the last one before it, to be carried forward.

    `since_us` None means that nothing was ever cut off.
    """

    def __init__(self) -> None:
        self.since_us: int | None = None
        self.last_end_us = 0
        self._ends: dict[str, list[int]] = {}
        self._closes: dict[str, list[Close]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._ends.values()))

    def put(self, close: Close) -> bool:
        """Keep the close unless this or a higher revision is there; tells whether it was kept."""
        ends = self._ends.setdefault(close.symbol, [])
        closes = self._closes.setdefault(close.symbol, [])
        index = bisect_left(ends, close.window_end_us)
        if index < len(ends) and ends[index] == close.window_end_us:
            if closes[index].revision >= close.revision:
                return False
            closes[index] = close
        else:
            ends.insert(index, close.window_end_us)
            closes.insert(index, close)
        self.last_end_us = max(self.last_end_us, close.window_end_us)
        return True

    def at(self, symbol: str, ts_us: int) -> Close | None:
        """The last close of a window that ended at or before `ts_us`."""
        index = bisect_right(self._ends.get(symbol, ()), ts_us)
        return self._closes[symbol][index - 1] if index else None

    def next_end(self, symbol: str, window_end_us: int) -> int | None:
        """End of the symbol's next bar after this one; None when there is none."""
        ends = self._ends.get(symbol, [])
        index = bisect_right(ends, window_end_us)
        return ends[index] if index < len(ends) else None

    def ends_between(self, symbol: str, start_us: int | None, end_us: int | None) -> Iterator[int]:
        """Window ends of the symbol in [start_us, end_us); None is without end.

        Those that are cut off are not told.
        """
        ends = self._ends.get(symbol, [])
        low = max((bound for bound in (start_us, self.since_us) if bound is not None), default=None)
        first = 0 if low is None else bisect_left(ends, low)
        last = len(ends) if end_us is None else bisect_left(ends, end_us)
        return iter(ends[first:last])

    def cut(self, since_us: int) -> None:
        """Forget what ended before `since_us`, except each symbol's last close before it."""
        if self.since_us is not None and since_us <= self.since_us:
            return
        self.since_us = since_us
        for symbol, ends in self._ends.items():
            index = max(0, bisect_left(ends, since_us) - 1)
            del ends[:index], self._closes[symbol][:index]

    def reopen(self, since_us: int) -> None:
        """Say that closes from `since_us` on have been put back."""
        if self.since_us is not None:
            self.since_us = min(self.since_us, since_us)
