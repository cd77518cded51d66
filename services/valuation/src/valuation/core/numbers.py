"""What a number must be before it may enter a calculation."""

from decimal import Decimal

LIMIT = Decimal("1e18")
"""Beyond any real quantity, price or rate; below it every product stays exact in 80 digits."""


def require_number(what: str, number: Decimal) -> None:
    """Raise ValueError for NaN, infinity or an absurd size."""
    if not number.is_finite() or abs(number) >= LIMIT:
        raise ValueError(f"{what} was {number}, it must be a finite number below {LIMIT}")


def require_positive(what: str, number: Decimal) -> None:
    """Raise ValueError unless the number is usable and above zero."""
    require_number(what, number)
    if number <= 0:
        raise ValueError(f"{what} was {number}, it must be above zero")
