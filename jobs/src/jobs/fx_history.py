"""Exchange rates as of a moment, from bar closes of pairs and from daily rates."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple


class Quote(NamedTuple):
    """Units of quote currency per unit of base currency, valid from `as_of_us` until the next of its pair.

    `rank` decides between two of the same moment: the higher wins. `source` says where it came from.
    """

    as_of_us: int
    rank: int
    rate: Decimal
    source: str


DAILY_RANK = 0
"""A daily rate; a bar close of the same moment is newer knowledge and ranks by its revision, from 1."""


@dataclass
class FxHistory:
    """All quotes known, by six-letter pair."""

    _quotes: dict[str, list[Quote]] = field(default_factory=dict)

    def add(self, pair: str, quote: Quote) -> None:
        """Take in one quote, in any order; a repetition changes nothing."""
        known = self._quotes.setdefault(pair, [])
        place = bisect_right(known, quote)
        if place == 0 or known[place - 1] != quote:
            insort(known, quote)

    def copy(self) -> "FxHistory":
        """A history that can grow alone."""
        return FxHistory({pair: list(quotes) for pair, quotes in self._quotes.items()})

    def as_of(self, moment_us: int) -> dict[str, Quote]:
        """The newest quote of each pair that is not from after `moment_us`."""
        newest = {}
        for pair, quotes in self._quotes.items():
            place = bisect_right(quotes, moment_us, key=lambda quote: quote.as_of_us)
            if place:
                newest[pair] = quotes[place - 1]
        return newest


def fx_history(quotes: Iterable[tuple[str, Quote]]) -> FxHistory:
    """A history of these (pair, quote)."""
    history = FxHistory()
    for pair, quote in quotes:
        history.add(pair, quote)
    return history
