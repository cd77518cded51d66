"""From one day to several: square root of time, and overlapping returns."""

from math import sqrt

import numpy as np

from quant.arrays import Floats


def scale_to_horizon(one_day: float, days: int) -> float:
    """A one-day number times sqrt(days).

    Right only for independent moves of one distribution with a mean of zero; options must not be scaled.
    Errors: ValueError for fewer than one day.
    Source: RiskMetrics Technical Document, 4th edition (1996), ch. 5; Basel MAR33.4 bans it for the base
    horizon.
    """
    return one_day * sqrt(_whole(days))


def overlapping_returns(returns: Floats, days: int) -> Floats:
    """Returns over `days` consecutive dates, one ending on each date.

    Inputs: simple returns (N,) or (N, F), oldest first. Output: (N - days + 1,) or (N - days + 1, F); empty
    when N < days. Row i compounds rows i to i + days - 1.
    Neighbours share days - 1 dates, so that they are not independent: N / days of them count.
    Errors: ValueError for fewer than one day.
    Source: ORE, historicalreturnconfiguration.tex (the default there).
    """
    _whole(days)
    if len(returns) < days:
        return returns[:0]
    growth = np.lib.stride_tricks.sliding_window_view(1.0 + returns, days, axis=0)
    return growth.prod(axis=-1) - 1.0


def _whole(days: int) -> int:
    if days < 1:
        raise ValueError(f"a horizon of {days} days must be at least 1")
    return days
