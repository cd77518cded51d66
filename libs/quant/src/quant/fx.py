"""Exchange rates: direct, inverted and crossed through a pivot currency, all exact decimals.

A quote is named by six letters, base then quote currency: EURUSD = 1.10 means 1 EUR costs 1.10 USD.
A rate "of A in B" is the number of units of B that one unit of A is worth: it multiplies an amount in A.
Source of the conventions: docs/reference/measures.md, section Exchange rates.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from quant.money import EXACT, product, round_money, round_rate
from quant.result import Missing, Result

DEFAULT_PIVOT = "USD"
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class CrossRate:
    """Units of the target currency per unit of the source currency.

    `pairs` names the quotes it is made of, in order; empty when both currencies are the same.
    """

    rate: Decimal
    pairs: tuple[str, ...]


class QuoteLeg(NamedTuple):
    """One quote in the direction of travel; `inverse` means that 1 / quote is the rate."""

    pair: str
    inverse: bool


def cross_rate(
    quotes: Mapping[str, Decimal], source: str, target: str, pivot: str = DEFAULT_PIVOT
) -> Result[CrossRate]:
    """Rate of `source` in `target` from quoted pairs.

    Inputs: quotes by six-letter pair, each above zero; ISO 4217 codes of source, target and pivot.
    Output: a direct quote unchanged; otherwise its inverse, otherwise both legs through the pivot; calculated
    exactly and rounded half-even to 18 places once. The same currency gives 1 and no pair. A direct or
    inverse quote is preferred to a cross.
    Errors: Missing("no_fx_rate") when nothing connects the two; Missing("not_positive_value") for a quote
    at or below zero.
    """
    if source == target:
        return CrossRate(ONE, ())
    legs = quote_path(quotes, source, target, pivot)
    if legs is None:
        message = f"no quote connects {source} with {target}, neither directly nor through {pivot}"
        return Missing("no_fx_rate", message)
    numerator = denominator = ONE
    for pair, inverse in legs:
        quote = quotes[pair]
        if not (quote.is_finite() and quote > 0):
            return Missing("not_positive_value", f"quote {pair} is {quote}, a rate must be above zero")
        if inverse:
            denominator = EXACT.multiply(denominator, quote)
        else:
            numerator = EXACT.multiply(numerator, quote)
    quoted = len(legs) == 1 and not legs[0].inverse
    rate = numerator if quoted else round_rate(EXACT.divide(numerator, denominator))
    return CrossRate(rate, tuple(leg.pair for leg in legs))


def rates_into(
    quotes: Mapping[str, Decimal], target: str, pivot: str = DEFAULT_PIVOT
) -> dict[str, CrossRate]:
    """Rate in `target` of every currency that the quotes connect with it, the target itself included (1).

    Unconnected currencies are absent. Keys are sorted, so that two calls with the same quotes give the same
    text.
    """
    found: dict[str, CrossRate] = {}
    for currency in sorted(currencies(quotes) | {target}):
        rate = cross_rate(quotes, currency, target, pivot)
        if isinstance(rate, CrossRate):
            found[currency] = rate
    return found


def currencies(pairs: Iterable[str]) -> set[str]:
    """Every currency named by the six-letter pairs. Errors: ValueError for a pair that is not six letters."""
    found: set[str] = set()
    for pair in pairs:
        found.update(split_pair(pair))
    return found


def split_pair(pair: str) -> tuple[str, str]:
    """(base, quote) of a pair: EURUSD -> (EUR, USD). Errors: ValueError unless it is six capital letters."""
    if len(pair) != 6 or not pair.isascii() or not pair.isalpha() or not pair.isupper():
        raise ValueError(f"{pair!r} is not a currency pair: write six capital letters, such as EURUSD")
    return pair[:3], pair[3:]


def convert(amount: Decimal, rate: Decimal) -> Decimal:
    """Amount times rate, rounded half-even to 8 places once."""
    return round_money(product(amount, rate))


def triangulation_gap(
    quotes: Mapping[str, Decimal], pair: str, pivot: str = DEFAULT_PIVOT
) -> Result[Decimal]:
    """Direct quote of `pair` over its cross through the pivot, minus 1: a ratio, 0 when they agree.

    It measures the quality of quotes: a wide gap means that one of the three is old or wrong.
    Errors: Missing("no_fx_rate") when the direct quote or a leg is absent, also when the pivot is one of the
    two currencies.
    """
    base, quote = split_pair(pair)
    if pair not in quotes or pivot in (base, quote):
        return Missing("no_fx_rate", f"{pair} has no direct quote to compare with a cross through {pivot}")
    others = {name: rate for name, rate in quotes.items() if name not in (pair, quote + base)}
    crossed = cross_rate(others, base, quote, pivot)
    if isinstance(crossed, Missing):
        return crossed
    return round_rate(EXACT.subtract(EXACT.divide(quotes[pair], crossed.rate), ONE))


def quote_path(
    pairs: Container[str], source: str, target: str, pivot: str = DEFAULT_PIVOT
) -> tuple[QuoteLeg, ...] | None:
    """The quotes that lead from `source` to `target`, None when the currencies are not connected.

    No quote for the same currency, one if they are quoted either way round, otherwise two through the pivot.
    """
    if source == target:
        return ()
    direct = _leg(pairs, source, target)
    if direct is not None:
        return (direct,)
    if pivot in (source, target):
        return None
    first, second = _leg(pairs, source, pivot), _leg(pairs, pivot, target)
    return None if first is None or second is None else (first, second)


def _leg(pairs: Container[str], source: str, target: str) -> QuoteLeg | None:
    if source + target in pairs:
        return QuoteLeg(source + target, inverse=False)
    return QuoteLeg(target + source, inverse=True) if target + source in pairs else None
