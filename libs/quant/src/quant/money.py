"""Exact decimal arithmetic: one context, one rounding rule, two precisions.

Products of quantity, price, multiplier and rate are computed exactly (80 digits) and rounded half-even once
at the end. The default context of Python keeps 28 digits and would round twice.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

ZERO = Decimal(0)
MONEY_QUANTUM = Decimal("0.00000001")
RATE_QUANTUM = Decimal("0.000000000000000001")
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])


def product(*factors: Decimal) -> Decimal:
    """Exact product of finite decimals (up to 80 digits); 1 for no factor."""
    total = Decimal(1)
    for factor in factors:
        total = EXACT.multiply(total, factor)
    return total


def round_money(amount: Decimal) -> Decimal:
    """Amount rounded half-even to 8 places; never a negative zero."""
    return EXACT.add(EXACT.quantize(amount, MONEY_QUANTUM), ZERO)


def round_rate(rate: Decimal) -> Decimal:
    """Rate rounded half-even to 18 places, without trailing zeros and without an exponent."""
    return plain(EXACT.quantize(rate, RATE_QUANTUM))


def sum_money(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum; 0 for no amount."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def plain(number: Decimal) -> Decimal:
    """The same number in its shortest form, never written with an exponent: 1.500 -> 1.5, 1E+2 -> 100."""
    shortest = EXACT.add(EXACT.normalize(number), ZERO)
    return EXACT.quantize(shortest, Decimal(1)) if _exponent(shortest) > 0 else shortest


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{number} is not a finite decimal; reject NaN and infinity before calculating")
    return exponent
