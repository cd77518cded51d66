"""Exposure of a book: long, short, gross, net, NAV and leverage; by group and by currency. Exact decimals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from quant.fx import split_pair
from quant.money import EXACT, ZERO, plain, product, round_money, sum_money
from quant.result import Missing, Result

UNCLASSIFIED = "Unclassified"
PERCENT_QUANTUM = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Exposure:
    """Market values added up: long >= 0, short <= 0, gross = long - short, net = long + short."""

    long: Decimal
    short: Decimal
    gross: Decimal
    net: Decimal


class CurrencyLeg(NamedTuple):
    """An amount of one currency that a position stands for, and its value in base currency."""

    currency: str
    amount: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class OptionExposure:
    """What an option moves like (`delta_adjusted`, signed) and what it is written on (`notional`, signed)."""

    delta_adjusted: Decimal
    notional: Decimal


def exposure(market_values: Iterable[Decimal]) -> Exposure:
    """Long, short, gross and net of signed market values (P,) in one currency; exact, 0 for an empty book.

    Cash is not part of it: it is added for the NAV.
    Source: long = sum of max(mv, 0), short = sum of min(mv, 0); docs/reference/measures/exposure.md.
    """
    values = tuple(market_values)
    long = sum_money(value for value in values if value > 0)
    short = sum_money(value for value in values if value < 0)
    return Exposure(long=long, short=short, gross=EXACT.subtract(long, short), net=EXACT.add(long, short))


def exposure_by(labelled: Iterable[tuple[str | None, Decimal]]) -> dict[str, Exposure]:
    """Exposure per label (asset, class, currency, sector, exchange, issuer), sorted; None is "Unclassified".

    Nothing is dropped: the nets of the groups add up to the net of the book.
    """
    groups: dict[str, list[Decimal]] = {}
    for label, value in labelled:
        groups.setdefault(label or UNCLASSIFIED, []).append(value)
    return {label: exposure(groups[label]) for label in sorted(groups)}


def net_asset_value(net: Decimal, cash: Decimal) -> Decimal:
    """NAV = net exposure + cash, all in base currency, exact; money owed is negative cash."""
    return EXACT.add(net, cash)


def leverage(gross: Decimal, nav: Decimal) -> Result[Decimal]:
    """Gross exposure per unit of net asset value, a ratio, half-even to 12 places.

    Inputs: both in one currency, gross >= 0. An unlevered long-only book without cash gives 1.
    Errors: Missing("flat_book") when gross is 0; Missing("not_positive_value") when the NAV is at or below 0,
    since a share of a debt has no meaning.
    Source: docs/reference/measures/exposure.md, section Leverage.
    """
    if gross == ZERO:
        return Missing("flat_book", "gross exposure is 0, so there is no leverage")
    if nav <= ZERO:
        return Missing("not_positive_value", f"the net asset value is {plain(nav)}, so there is no leverage")
    return plain(EXACT.quantize(EXACT.divide(gross, nav), PERCENT_QUANTUM))


def pair_legs(
    pair: str, units: Decimal, average_cost: Decimal, market_value: Decimal, cost_value: Decimal
) -> tuple[CurrencyLeg, CurrencyLeg]:
    """The two currencies that a position in a currency pair stands for: what is held and what is owed.

    EURUSD +1,000,000 taken at 1.10 is +1,000,000 EUR and -1,100,000 USD.
    Inputs: six-letter pair; signed units (quantity times multiplier); average cost in the quote currency;
    market value and cost (average cost times units at the present rate), both in base currency.
    Output: the held leg is worth the market value, the owed one minus the cost, so that both together are
    worth the profit of the position. Amounts are rounded half-even to 8 places.
    Errors: ValueError for a pair that is not six letters.
    """
    held, owed = split_pair(pair)
    return (
        CurrencyLeg(held, units, market_value),
        CurrencyLeg(owed, round_money(product(units, average_cost).copy_negate()), EXACT.minus(cost_value)),
    )


def option_exposure(
    *, delta: float, quantity: Decimal, multiplier: Decimal, spot: float, fx_rate: Decimal
) -> OptionExposure:
    """Exposure of an option position in its underlying, in base currency, half-even to 8 places.

    Inputs: delta per unit of the underlying (a put's is negative), signed quantity, contract multiplier,
    price of the underlying and rate of its currency.
    Formula: notional = m q S fx, delta-adjusted = delta times that. So a long put is a short exposure.
    Source: docs/reference/measures/exposure.md, section Options.
    """
    notional = product(multiplier, quantity, Decimal(repr(spot)), fx_rate)
    return OptionExposure(
        delta_adjusted=round_money(product(notional, Decimal(repr(delta)))), notional=round_money(notional)
    )
