"""Maximum drawdown of a value series and the episode it happened in."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats, not_positive
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Largest fall from a peak as a positive fraction; rows of its peak, its bottom and its recovery.

    Without any fall `value` is 0 and all rows are None; `recovery` is None while the series is still below
    the peak.
    """

    value: float
    peak: int | None
    trough: int | None
    recovery: int | None


def drawdowns(values: Floats) -> Result[Floats]:
    """Fall from the running peak at each date, 1 - V_t / max(V_0..V_t): (T,) in, (T,) positive fractions out.

    Errors: Missing("too_few_scenarios") for no value, Missing("not_finite"), Missing("not_positive_value").
    """
    if len(values) == 0:
        return Missing("too_few_scenarios", "no value; a drawdown needs at least one")
    bad = not_positive(values, "a value")
    return bad if bad is not None else 1.0 - values / np.maximum.accumulate(values)


def max_drawdown(values: Floats) -> Result[Drawdown]:
    """Maximum drawdown: the largest of `drawdowns`, with its episode.

    Inputs: values (T,), each above zero, without deposits or withdrawals; the first value counts as a peak.
    Edge cases: never under water is 0; of equal falls the earliest is named.
    Errors: as `drawdowns`.
    Source: Bacon, Practical Portfolio Performance Measurement and Attribution (2008), ch. 4.
    """
    falls = drawdowns(values)
    if isinstance(falls, Missing):
        return falls
    trough = int(np.argmax(falls))
    if falls[trough] == 0.0:
        return Drawdown(0.0, None, None, None)
    peak = trough - int(np.argmax(values[trough::-1]))  # the last time the high was seen
    back = np.flatnonzero(values[trough:] >= values[peak])
    recovery = trough + int(back[0]) if len(back) else None
    return Drawdown(float(falls[trough]), peak, trough, recovery)
