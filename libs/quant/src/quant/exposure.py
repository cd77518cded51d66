"""Exposure of a book and its concentration, exact decimals in base currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from quant.money import EXACT, ZERO, plain, sum_money
from quant.result import Missing, Result

UNCLASSIFIED = "Unclassified"
HUNDRED = Decimal(100)
PERCENT_QUANTUM = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Exposure:
    """Market values added up: long >= 0, short <= 0, gross = long - short, net = long + short."""

    long: Decimal
    short: Decimal
    gross: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Concentration:
    """The largest absolute holding in percent of gross exposure, and its symbol."""

    symbol: str
    percent: Decimal


def exposure(market_values: Iterable[Decimal]) -> Exposure:
    """Long, short, gross and net of signed market values (P,) in one currency; exact, 0 for an empty book.

    Source: long = sum of max(mv, 0), short = sum of min(mv, 0); docs/reference/measures.md, section Exposure.
    """
    values = tuple(market_values)
    long = sum_money(value for value in values if value > 0)
    short = sum_money(value for value in values if value < 0)
    return Exposure(long=long, short=short, gross=EXACT.subtract(long, short), net=EXACT.add(long, short))


def exposure_by(labelled: Iterable[tuple[str | None, Decimal]]) -> dict[str, Exposure]:
    """Exposure per label (asset, asset class, currency, sector), sorted; a label of None is "Unclassified".

    Nothing is dropped: the nets of the groups add up to the net of the book.
    """
    groups: dict[str, list[Decimal]] = {}
    for label, value in labelled:
        groups.setdefault(label or UNCLASSIFIED, []).append(value)
    return {label: exposure(groups[label]) for label in sorted(groups)}


def concentration(market_values: Mapping[str, Decimal]) -> Result[Concentration]:
    """Share of the largest single asset: max |mv| / gross exposure, in percent, half-even to 12 places.

    Inputs: signed market value per symbol in base currency. One position gives 100. Of equal shares the first
    symbol in alphabetical order is named.
    Errors: Missing("flat_book") when gross exposure is 0, since a share of nothing has no meaning.
    """
    gross = sum_money(value.copy_abs() for value in market_values.values())
    if gross == ZERO:
        return Missing("flat_book", "gross exposure is 0, so no share can be given")
    symbol, value = min(market_values.items(), key=lambda item: (item[1].copy_abs().copy_negate(), item[0]))
    share = EXACT.divide(EXACT.multiply(value.copy_abs(), HUNDRED), gross)
    return Concentration(symbol=symbol, percent=plain(EXACT.quantize(share, PERCENT_QUANTUM)))
