"""Answers in the currency that was asked for."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from api_gateway.core.conversion import Converted, Unconnected, connected, in_currency, rate_between
from api_gateway.problems import ProblemError
from contracts import Valuation


def converted(valuation: Valuation, currency: str | None) -> Converted:
    """The valuation in a currency. Raises a 409 problem when none of its rates connects them."""
    found = in_currency(valuation, currency)
    if isinstance(found, Unconnected):
        raise _unconnected(valuation.currency, currency, found.available)
    return found


def rate_into(rates: Mapping[str, Decimal], base_currency: str, currency: str) -> Decimal:
    """Units of currency per unit of base currency. Raises a 409 problem when no rate connects them."""
    rate = rate_between(rates, base_currency, currency)
    if rate is None:
        raise _unconnected(base_currency, currency, connected(rates, base_currency))
    return rate


def only_base(base_currency: str, currency: str | None) -> str:
    """The currency of an answer without a valuation: only the base currency needs no rate.

    Raises a 409 problem for any other.
    """
    if currency not in (None, base_currency):
        raise ProblemError(
            409,
            f"the portfolio was not valued yet, so no rate connects {base_currency} with {currency}",
            kind="unconnected-currency",
            available=(base_currency,),
        )
    return base_currency


def _unconnected(base_currency: str, currency: str | None, available: Iterable[str]) -> ProblemError:
    return ProblemError(
        409,
        f"no rate of this valuation connects {base_currency} with {currency}; feed such a pair",
        kind="unconnected-currency",
        available=tuple(available),
    )
