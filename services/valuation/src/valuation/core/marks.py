"""One position of a portfolio, marked: what it is worth and how sure that is."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from contracts import CoverageReason, Instrument, Position
from quant import PositionMark, mark_position
from valuation.core.books import Line
from valuation.core.prices import ONE, Price
from valuation.core.rates import Rate


class Mark(NamedTuple):
    """A position with the price and rate that it is marked at.

    `missing` says why it has no value in base currency; `money` is None when it has none in its own currency
    either.
    """

    line: Line
    instrument: Instrument | None
    currency: str
    price: Price | None
    rate: Rate | None
    cost_rate: Decimal | None
    money: PositionMark | None
    missing: CoverageReason | None


def mark_line(
    line: Line,
    instrument: Instrument | None,
    price: Price | None,
    rate: Rate | None,
    cost_rate: Decimal | None,
) -> Mark:
    """Mark one position.

    `price` is the newest of its symbol, `rate` and `cost_rate` are units of base currency per unit of the
    instrument's currency, now and when the position was taken. A price that cannot be used is left out, with
    a reason of the closed list.
    """
    position = line.version.position
    currency = currency_of(position, instrument)
    missing = _why_unpriced(position, instrument, price)
    if missing is not None or price is None or instrument is None:
        return Mark(line, instrument, currency, None, rate, cost_rate, None, missing)
    money = mark_position(
        quantity=position.quantity,
        average_cost=position.average_cost,
        multiplier=instrument.multiplier,
        price=price.value,
        fx_rate=ONE if rate is None else rate.value,
        cost_fx_rate=None if rate is None else cost_rate,
    )
    if not isinstance(money, PositionMark):
        raise ValueError(f"{line.symbol}: {money.message}; ticks and bars are finite by contract")
    missing = "no_fx_rate" if rate is None else None
    return Mark(line, instrument, currency, price, rate, cost_rate, money, missing)


def currency_of(position: Position, instrument: Instrument | None) -> str:
    """Currency of price and cost."""
    return position.currency if instrument is None else instrument.currency


def _why_unpriced(
    position: Position, instrument: Instrument | None, price: Price | None
) -> CoverageReason | None:
    if instrument is None:
        return "unknown_instrument"
    if position.currency != instrument.currency:
        return "currency_mismatch"
    if price is None:
        return "no_price"
    return None if price.currency == instrument.currency else "currency_mismatch"


class MarkCache:
    """Marks by portfolio, holder and symbol, each good as long as its inputs are the same objects."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[Price | None, Mark]] = {}

    def clear(self) -> None:
        """Forget all: something changed that is not looked at one by one."""
        self._kept.clear()

    def mark(
        self,
        portfolio_id: str,
        line: Line,
        instrument: Instrument | None,
        price: Price | None,
        rate: Rate | None,
        cost_rate: Callable[[], Decimal | None],
    ) -> Mark:
        """As `mark_line`, calculated again only when an input changed."""
        key = (portfolio_id, line.version.position.portfolio_id, line.symbol)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is price and kept[1].line == line and _same_rate(kept[1].rate, rate):
            return kept[1]
        mark = mark_line(line, instrument, price, rate, cost_rate())
        self._kept[key] = (price, mark)
        return mark


def _same_rate(first: Rate | None, second: Rate | None) -> bool:
    if first is None or second is None:
        return first is second
    return first.rate_id == second.rate_id
