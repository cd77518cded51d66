"""Feed numbers in a window: what proves that none of its ticks was accepted in another window too."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from jobs.silver_bars import WindowKey

SymbolDay = tuple[str, date]
"""(symbol, trade_date)"""


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """The lowest and highest feed number of the ticks in a window that have one."""

    symbol: str
    trade_date: date
    window_start_us: int
    low: int
    high: int

    @property
    def key(self) -> WindowKey:
        return self.symbol, self.window_start_us

    @property
    def symbol_day(self) -> SymbolDay:
        return self.symbol, self.trade_date


def by_symbol_day(spans: Iterable[NumberSpan]) -> dict[SymbolDay, list[NumberSpan]]:
    """The spans of each symbol and trade date, lowest first."""
    grouped: dict[SymbolDay, list[NumberSpan]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.low):
        grouped[span.symbol_day].append(span)
    return grouped


def sharing(spans: Collection[NumberSpan]) -> set[WindowKey]:
    """The windows whose span overlaps that of another window of the same symbol and trade date."""
    shared: set[WindowKey] = set()
    for ascending in by_symbol_day(spans).values():
        reach = ascending[0]
        for span in ascending[1:]:
            if span.low <= reach.high:
                shared |= {reach.key, span.key}
            reach = max(reach, span, key=lambda one: one.high)
    return shared
