"""The worst past year for today's book."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats, not_finite
from quant.confidence import minimum_scenarios
from quant.quantiles import Estimator, quantile_weights
from quant.result import Missing, Result

STRESSED_SINCE = np.datetime64("2007-01-01")
STRESSED_WINDOW = 252  # scenarios in twelve months


@dataclass(frozen=True, slots=True)
class StressedWindow:
    """Rows [start, stop) of the window with the largest VaR, that VaR, and how many windows were tried."""

    start: int
    stop: int
    value: float
    windows: int


def stressed_window(
    pnl: Floats, confidence_bp: int, estimator: Estimator = "kth_worst", window: int = STRESSED_WINDOW
) -> Result[StressedWindow]:
    """The run of `window` consecutive scenarios in which the VaR of this P&L is largest.

    Inputs: P&L (N,) of the current book on every past date, oldest first; confidence in parts per 10,000.
    Ties: the earliest window.
    Errors: Missing("too_few_scenarios") when N < window or the window is too short for the confidence,
    Missing("not_finite").
    Source: Basel Committee, Revisions to the Basel II market risk framework (2011), paragraph 718(Lxxvi)(i):
    a continuous 12-month period of significant stress for the portfolio.
    """
    least = max(2, minimum_scenarios(confidence_bp))
    if window < least:
        return Missing("too_few_scenarios", f"a window of {window} scenarios; it needs {least}")
    if len(pnl) < window:
        return Missing("too_few_scenarios", f"{len(pnl)} scenarios do not make one window of {window}")
    bad = not_finite(pnl, "scenario P&L")
    if bad is not None:
        return bad
    ranks = quantile_weights(window, confidence_bp, estimator)
    worst = np.sort(np.lib.stride_tricks.sliding_window_view(pnl, window), axis=1)
    values = 0.0 - worst[:, ranks.ranks - 1] @ ranks.weights
    start = int(np.argmax(values))
    return StressedWindow(start, start + window, float(values[start]), len(values))
