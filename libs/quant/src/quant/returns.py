"""Returns of price series, and closes adjusted for splits and dividends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quant.arrays import Dates, Floats, check_same_length, not_positive
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split into `value` new shares per old one, or cash of `value` per share held before the ex-date."""

    ex_date: np.datetime64
    kind: Literal["split", "dividend"]
    value: float


def simple_returns(prices: Floats) -> Result[Floats]:
    """Simple returns P_t / P_{t-1} - 1.

    Inputs: prices (T,) or (T, F), each above zero. Output: (T-1,) or (T-1, F), fractions.
    Edge cases: one price or none gives an empty array.
    Errors: Missing("not_finite") for NaN, Missing("not_positive_value") for a price at or below zero.
    """
    bad = not_positive(prices, "a price")
    return bad if bad is not None else prices[1:] / prices[:-1] - 1.0


def log_returns(prices: Floats) -> Result[Floats]:
    """Log returns ln(P_t / P_{t-1}); inputs, edge cases and errors as `simple_returns`."""
    bad = not_positive(prices, "a price")
    return bad if bad is not None else np.diff(np.log(prices), axis=0)


def adjusted_closes(
    dates: Dates, closes: Floats, actions: Sequence[CorporateAction], known_at: np.datetime64
) -> Result[Floats]:
    """Closes whose simple returns are total returns, in units of the last date.

    The return of an ex-date is (P_t * ratio + D_t) / P_{t-1} - 1: ratio is the split of that date (else 1),
    D_t the cash per share held before it. Earlier closes are scaled so that the adjusted series has exactly
    this return.
    Inputs: strictly rising dates (T,), raw closes (T,) above zero, actions of this instrument in any order,
    and the date up to and including which an ex-date counts, so that yesterday's numbers can be made again.
    Output: (T,), the last close unchanged unless a split lies after it (it is then restated in the new
    units). An action between two dates counts on the later one. A dividend after the last close or before the
    first has no effect.
    Errors: Missing("not_positive_value") for a close, split ratio or dividend-adjusted close at or below
    zero.
    Source: docs/reference/measures.md, section Corporate actions.
    """
    check_same_length(dates, closes, "dates and closes")
    bad = not_positive(closes, "a close")
    if bad is not None:
        return bad
    ratios, cash = np.ones(len(dates) + 1), np.zeros(len(dates) + 1)
    for action in actions:
        if action.ex_date > known_at:
            continue
        row = int(np.searchsorted(dates, action.ex_date))
        if action.kind == "split":
            if not action.value > 0:
                return Missing("not_positive_value", f"split of {action.ex_date} has ratio {action.value}")
            ratios[row] *= action.value
        else:
            cash[row] += action.value
    held = closes * ratios[:-1] + cash[:-1]
    bad = not_positive(held, "a close with its dividend")
    if bad is not None:
        return bad
    steps = np.append((closes / held)[1:], 1.0 / ratios[-1])
    return closes * np.cumprod(steps[::-1])[::-1]
