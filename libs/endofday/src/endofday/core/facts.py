"""What an end of day works with, as read from the database."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from quant.fx import CrossRate, cross_rate


class Portfolio(NamedTuple):
    """A book and the one above it."""

    portfolio_id: str
    base_currency: str
    parent_id: str | None


class Instrument(NamedTuple):
    """What decides how a position is priced, and what it is counted under."""

    symbol: str
    asset_class: str
    currency: str
    exchange: str
    multiplier: Decimal
    sector: str | None = None
    issuer: str | None = None


class Version(NamedTuple):
    """A position as loaded, from as_of on."""

    portfolio_id: str
    symbol: str
    as_of: dt.datetime
    quantity: Decimal
    average_cost: Decimal
    currency: str
    cost_fx_rate: Decimal | None
    revision: int


class Trade(NamedTuple):
    """One execution as stored."""

    fill_id: str
    portfolio_id: str
    symbol: str
    executed_at: dt.datetime
    seq: int
    quantity: Decimal
    price: Decimal
    currency: str
    fee: Decimal


class Action(NamedTuple):
    """A split (new units per old) or a dividend (cash per unit held before)."""

    symbol: str
    ex_date: dt.date
    kind: Literal["split", "dividend"]
    value: Decimal
    revision: int

    @property
    def effective_at(self) -> dt.datetime:
        """Start of the ex-date in UTC: between two sessions of every exchange."""
        return dt.datetime.combine(self.ex_date, dt.time(), dt.UTC)


class Quote(NamedTuple):
    """A price or rate with the name of its row, for evidence."""

    value: Decimal
    currency: str
    name: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Quotes of currency pairs in force at one moment."""

    quotes: Mapping[str, Quote]
    # Few pairs of currencies, asked for by every position of every book.
    _found: dict[tuple[str, str], Quote | None] = field(
        default_factory=dict[tuple[str, str], Quote | None], init=False, repr=False, compare=False
    )

    def rate(self, source: str, target: str) -> Quote | None:
        """Units of target per unit of source; None when nothing connects them."""
        if (source, target) not in self._found:
            self._found[source, target] = self._connect(source, target)
        return self._found[source, target]

    def _connect(self, source: str, target: str) -> Quote | None:
        if source == target:
            return Quote(Decimal(1), target, "same")
        found = cross_rate({pair: quote.value for pair, quote in self.quotes.items()}, source, target)
        if not isinstance(found, CrossRate):
            return None
        return Quote(found.rate, target, "+".join(self.quotes[pair].name for pair in found.pairs))


def members(portfolios: Mapping[str, Portfolio], portfolio_id: str) -> list[str]:
    """A portfolio and everything below it, by id; a circle among parents is walked once."""
    found, grown = {portfolio_id}, True
    while grown:
        below = {one.portfolio_id for one in portfolios.values() if one.parent_id in found} - found
        found, grown = found | below, bool(below)
    return sorted(found)
