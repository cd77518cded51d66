"""How much of a book hangs on few names: largest, top n, Herfindahl index, issuers, sectors. Exact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from quant.exposure import PERCENT_QUANTUM, UNCLASSIFIED
from quant.money import EXACT, ZERO, plain, sum_money
from quant.result import Missing, Result

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Concentration:
    """The largest absolute holding in percent of gross exposure, and its symbol."""

    symbol: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class GroupConcentration:
    """The largest group in percent of gross exposure, its name, and how much of the book has no label."""

    name: str
    percent: Decimal
    unclassified_percent: Decimal
    groups: int


def concentration(market_values: Mapping[str, Decimal]) -> Result[Concentration]:
    """Share of the largest single asset: max |mv| / gross exposure, in percent, half-even to 12 places.

    Inputs: signed market value per symbol in base currency. One position gives 100. Of equal shares the first
    symbol in alphabetical order is named.
    Errors: Missing("flat_book") when gross exposure is 0, since a share of nothing has no meaning.
    """
    gross = _gross(market_values.values())
    if isinstance(gross, Missing):
        return gross
    symbol, value = min(market_values.items(), key=lambda item: (item[1].copy_abs().copy_negate(), item[0]))
    return Concentration(symbol=symbol, percent=_percent(value.copy_abs(), gross))


def top_share(
    market_values: Iterable[Decimal], count: int = 5, nav: Decimal | None = None
) -> Result[Decimal]:
    """Share of the `count` largest positions, in percent, half-even to 12 places.

    Inputs: signed market values (P,) in base currency; fewer than `count` positions give 100 (of gross).
    Formula: sum of the `count` largest |mv|, over gross exposure; with `nav` over the net asset value, which
    can be more than 100. Ties do not change the share.
    Errors: Missing("flat_book") when gross exposure is 0, Missing("not_positive_value") for a NAV at or below
    0. ValueError for a count below 1.
    Source: market practice; docs/reference/measures/exposure.md, section Concentration.
    """
    if count < 1:
        raise ValueError(f"count {count} must be at least 1")
    values = tuple(market_values)
    base = _base(values, nav)
    if isinstance(base, Missing):
        return base
    largest = sorted((value.copy_abs() for value in values), reverse=True)[:count]
    return _percent(sum_money(largest), base)


def herfindahl(market_values: Iterable[Decimal], nav: Decimal | None = None) -> Result[Decimal]:
    """Herfindahl-Hirschman index: sum of squared weights, a ratio, half-even to 12 places.

    Inputs: signed market values (P,) in base currency. Formula: sum of (mv / gross)^2, from 1/P (equal
    positions) to 1 (one position); with `nav` the weights are mv / NAV and the index may exceed 1.
    Errors: as `top_share`.
    Source: Herfindahl (1950), Hirschman (1945); weights of gross exposure, since a long-short book has a
    small NAV.
    """
    squares = _squares(tuple(market_values), nav)
    if isinstance(squares, Missing):
        return squares
    return _ratio(*squares)


def effective_names(market_values: Iterable[Decimal], nav: Decimal | None = None) -> Result[Decimal]:
    """Number of equal positions that would be as concentrated: 1 / `herfindahl`, half-even to 12 places.

    Inputs and errors as `herfindahl`; P equal positions give P.
    """
    squares = _squares(tuple(market_values), nav)
    if isinstance(squares, Missing):
        return squares
    return _ratio(squares[1], squares[0])


def group_concentration(
    labelled: Iterable[tuple[str | None, Decimal]],
) -> Result[GroupConcentration]:
    """Share of the largest group (issuer, sector), in percent of gross exposure.

    Inputs: label and signed market value of each position. A group weighs what its longs and shorts add up to
    in size: a long bond does not take away the risk of a short share. Positions without a label make the
    group "Unclassified", which is never dropped and can be the largest: the true share is then not
    known to be lower. Of equal groups the first in alphabetical order is named.
    Errors: Missing("flat_book") when gross exposure is 0.
    Source: docs/reference/measures/exposure.md, section Concentration.
    """
    groups: dict[str, Decimal] = {}
    for label, value in labelled:
        name = label or UNCLASSIFIED
        groups[name] = EXACT.add(groups.get(name, ZERO), value.copy_abs())
    gross = _gross(groups.values())
    if isinstance(gross, Missing):
        return gross
    name, size = min(groups.items(), key=lambda item: (item[1].copy_negate(), item[0]))
    return GroupConcentration(
        name=name,
        percent=_percent(size, gross),
        unclassified_percent=_percent(groups.get(UNCLASSIFIED, ZERO), gross),
        groups=len(groups),
    )


def _gross(values: Iterable[Decimal]) -> Result[Decimal]:
    gross = sum_money(value.copy_abs() for value in values)
    if gross == ZERO:
        return Missing("flat_book", "gross exposure is 0, so no share can be given")
    return gross


def _base(values: tuple[Decimal, ...], nav: Decimal | None) -> Result[Decimal]:
    """What weights are taken of: gross exposure, or the NAV when one is given."""
    gross = _gross(values)
    if isinstance(gross, Missing) or nav is None:
        return gross
    if nav <= ZERO:
        return Missing("not_positive_value", f"the net asset value is {plain(nav)}, so no share can be given")
    return nav


def _squares(values: tuple[Decimal, ...], nav: Decimal | None) -> Result[tuple[Decimal, Decimal]]:
    """Sum of squared market values and the square of the weight base: their quotient is the index."""
    base = _base(values, nav)
    if isinstance(base, Missing):
        return base
    return sum_money(EXACT.multiply(value, value) for value in values), EXACT.multiply(base, base)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return _ratio(EXACT.multiply(part, HUNDRED), whole)


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return plain(EXACT.quantize(EXACT.divide(part, whole), PERCENT_QUANTUM))
