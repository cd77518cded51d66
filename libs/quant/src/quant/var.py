"""Historical value at risk and expected shortfall of a vector of scenario profits and losses."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from quant.arrays import Dates, Floats, check_same_length, not_finite
from quant.result import Missing, Result

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class HistoricalVar:
    """A loss (positive) in the currency of the P&L, and the dated scenario that it is.

    `rank` is k, counted from the worst; `scenario` is the row of that scenario in the input.
    """

    value: float
    rank: int
    scenarios: int
    scenario: int
    scenario_date: np.datetime64


@dataclass(frozen=True, slots=True)
class ExpectedShortfall:
    """Mean loss (positive) of the tail; `tail_scenarios` is N * p, not rounded."""

    value: float
    tail_scenarios: float
    scenarios: int


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
    _check(confidence_bp)
    return (scenarios * (BASIS_POINTS - confidence_bp) + BASIS_POINTS - 1) // BASIS_POINTS


def minimum_scenarios(confidence_bp: int) -> int:
    """The least N that is at or above 1 / p: 20 for 95 %, 40 for 97.5 %, 100 for 99 %."""
    _check(confidence_bp)
    return -(-BASIS_POINTS // (BASIS_POINTS - confidence_bp))


def historical_var(pnl: Floats, dates: Dates, confidence_bp: int) -> Result[HistoricalVar]:
    """Historical VaR: the k-th worst scenario, k = ceil(N * p) in integers, no interpolation.

    Inputs: scenario P&L (N,) in one currency, gains positive; scenario dates (N,); confidence in parts per
    10,000.
    Output: -x(k). A certain gain is a negative VaR and is kept; a flat book (all zeros) gives 0.
    Ties: the value is unique; the scenario named is the first by (P&L, date).
    Errors: Missing("too_few_scenarios") when N < 1 / p or N < 2, Missing("not_finite") for NaN or infinity.
    Source: Hyndman and Fan (1996) type 1 on the P&L; Hull, Risk Management and Financial Institutions, ch.
    13.
    """
    check_same_length(pnl, dates, "P&L and scenario dates")
    unusable = _unusable(pnl, confidence_bp)
    if unusable is not None:
        return unusable
    rank = tail_rank(len(pnl), confidence_bp)
    row = int(np.lexsort((dates, pnl))[rank - 1])
    return HistoricalVar(
        value=0.0 - float(pnl[row]),
        rank=rank,
        scenarios=len(pnl),
        scenario=row,
        scenario_date=dates[row],
    )


def expected_shortfall(pnl: Floats, confidence_bp: int) -> Result[ExpectedShortfall]:
    """Expected shortfall: mean of the worst N * p scenarios, the last one counted by its fraction.

    Inputs, sign, edge cases and errors as `historical_var`.
    Formula: -(sum of x(i) for i <= floor(Np), plus (Np - floor(Np)) * x(floor(Np) + 1)) / (Np), with Np
    exact. It is coherent and never below the VaR of the same confidence.
    Source: Acerbi and Tasche (2002), On the coherence of expected shortfall.
    """
    unusable = _unusable(pnl, confidence_bp)
    if unusable is not None:
        return unusable
    tail = len(pnl) * (BASIS_POINTS - confidence_bp)  # N * p in parts per 10,000
    whole, part = divmod(tail, BASIS_POINTS)
    worst = (
        np.sort(np.partition(pnl, whole)[: whole + 1])
        if part
        else np.sort(np.partition(pnl, whole - 1)[:whole])
    )
    total = float(worst[:whole].sum())
    if part:
        total += part / BASIS_POINTS * float(worst[whole])
    size = tail / BASIS_POINTS
    return ExpectedShortfall(value=0.0 - total / size, tail_scenarios=size, scenarios=len(pnl))


def _unusable(pnl: Floats, confidence_bp: int) -> Missing | None:
    least = max(2, minimum_scenarios(confidence_bp))
    if len(pnl) < least:
        message = (
            f"{len(pnl)} scenarios; a confidence of {confidence_bp / BASIS_POINTS} needs at least {least}"
        )
        return Missing("too_few_scenarios", message)
    return not_finite(pnl, "scenario P&L")


def _check(confidence_bp: int) -> None:
    if not BASIS_POINTS // 2 <= confidence_bp < BASIS_POINTS:
        raise ValueError(f"confidence_bp {confidence_bp} must be from 5000 to 9999; 95 % is 9500")
