"""Confidence levels as integers in parts per 10,000, and what they ask of a sample."""

from decimal import Decimal
from fractions import Fraction

from quant.arrays import Floats, not_finite
from quant.result import Missing

BASIS_POINTS = 10_000


def to_basis_points(confidence: float | Decimal | str) -> int:
    """Confidence level such as 0.95 as an integer in parts per 10,000 (9500).

    Errors: ValueError for anything outside 0.5 <= c < 1 (0.05 and 95 are ambiguous and are not guessed) or
    finer than a part per 10,000.
    """
    parts = Decimal(str(confidence)) * BASIS_POINTS
    if parts != int(parts) or not BASIS_POINTS // 2 <= parts < BASIS_POINTS:
        raise ValueError(
            f"confidence {confidence} must be from 0.5 to below 1, in steps of 0.0001, such as 0.95"
        )
    return int(parts)


def tail_rank(scenarios: int, confidence_bp: int) -> int:
    """k = ceil(N * p) with p = 1 - c, in integers; 0 when N = 0.

    In floating point (1 - 0.95) * 500 is 25.00000000000002 and its ceiling 26: the wrong scenario.
    """
    check_confidence(confidence_bp)
    return (scenarios * (BASIS_POINTS - confidence_bp) + BASIS_POINTS - 1) // BASIS_POINTS


def minimum_scenarios(confidence_bp: int) -> int:
    """The least N that is at or above 1 / p: 20 for 95 %, 40 for 97.5 %, 100 for 99 %."""
    check_confidence(confidence_bp)
    return -(-BASIS_POINTS // (BASIS_POINTS - confidence_bp))


def tail_probability(confidence_bp: int) -> Fraction:
    """p = 1 - c, exact."""
    check_confidence(confidence_bp)
    return Fraction(BASIS_POINTS - confidence_bp, BASIS_POINTS)


def unusable(pnl: Floats, confidence_bp: int) -> Missing | None:
    """Why no tail of this confidence can be read from these scenarios (N,), or None.

    Missing("too_few_scenarios") when N < 1 / p or N < 2, Missing("not_finite") for NaN or infinity.
    """
    least = max(2, minimum_scenarios(confidence_bp))
    if len(pnl) < least:
        message = (
            f"{len(pnl)} scenarios; a confidence of {confidence_bp / BASIS_POINTS} needs at least {least}"
        )
        return Missing("too_few_scenarios", message)
    return not_finite(pnl, "scenario P&L")


def check_confidence(confidence_bp: int) -> None:
    """Errors: ValueError for anything but an integer from 5000 to 9999."""
    if not BASIS_POINTS // 2 <= confidence_bp < BASIS_POINTS:
        raise ValueError(f"confidence_bp {confidence_bp} must be from 5000 to 9999; 95 % is 9500")
