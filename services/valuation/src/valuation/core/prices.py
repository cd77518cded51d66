"""The newest price of every symbol."""

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from contracts import Tick
from quant.money import EXACT, plain

ONE = Decimal(1)


class Price(NamedTuple):
    """A price that a position can be marked at.

    `value` is per unit in `currency`, `as_of_us` the event time; None means it never ages (cash).
    `ingest_us` is when the tick was taken in, None where that is not known or not asked for.
    """

    value: Decimal
    currency: str
    as_of_us: int | None
    price_id: str
    ingest_us: int | None


class NewestTick(NamedTuple):
    """What is kept of a symbol's newest tick. The first three fields are the order inside a symbol."""

    ts_event_us: int
    seq: int
    tick_id: str
    price_e8: int
    currency: str
    ingest_us: int | None = None


class PriceVector:
    """Newest tick per symbol by (ts_event_us, seq, tick_id): order of arrival and repeats do not matter."""

    def __init__(self) -> None:
        self._newest: dict[str, NewestTick] = {}
        self._prices: dict[str, Price] = {}

    def __len__(self) -> int:
        return len(self._newest)

    def take(self, tick: Tick) -> bool:
        """Keep the tick when it is newer than what is there; tells whether it was."""
        newest = self._newest.get(tick.symbol)
        if newest is not None and (tick.ts_event_us, tick.seq, tick.tick_id) <= newest[:3]:
            return False
        self.restore(
            tick.symbol,
            NewestTick(
                tick.ts_event_us, tick.seq, tick.tick_id, tick.price_e8, tick.currency, tick.ts_ingest_us
            ),
        )
        return True

    def restore(self, symbol: str, newest: NewestTick) -> None:
        """Put a symbol's newest tick in place, whatever was there."""
        self._newest[symbol] = newest
        self._prices.pop(symbol, None)

    def newest(self, symbol: str) -> NewestTick:
        """The tick behind a symbol's price; KeyError when there is none."""
        return self._newest[symbol]

    def price(self, symbol: str) -> Price | None:
        """The same object until a newer tick comes, so that callers can tell by identity that nothing
        changed.
        """
        price = self._prices.get(symbol)
        if price is None and (tick := self._newest.get(symbol)) is not None:
            price = self._prices[symbol] = Price(
                from_e8(tick.price_e8), tick.currency, tick.ts_event_us, tick.tick_id, tick.ingest_us
            )
        return price


def from_e8(price_e8: int) -> Decimal:
    """The exact decimal of an integer in units of 10^-8."""
    return plain(Decimal(price_e8).scaleb(-8, EXACT))


@cache
def cash(currency: str) -> Price:
    """A unit of money is worth 1 in its own currency, always."""
    return Price(ONE, currency, None, "cash", None)
