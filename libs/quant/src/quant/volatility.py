"""Volatility of a value series: standard deviation of its log returns, annualised."""

import numpy as np

from quant.arrays import Floats
from quant.result import Missing, Result
from quant.returns import log_returns

TRADING_DAYS = 252


def rolling_volatility(
    values: Floats, window: int = 20, periods_per_year: int = TRADING_DAYS
) -> Result[Floats]:
    """Annualised volatility over the last `window` log returns at each date.

    Inputs: values or prices (T,), each above zero. Output: (T,), fractions per year; NaN until `window`
    returns exist, so the first number stands at row `window`.
    Formula: sd of the window's log returns with ddof = 1, times sqrt(periods_per_year). A constant value
    gives 0.
    Errors: Missing("too_few_scenarios") when T < window + 1, Missing("not_finite"),
    Missing("not_positive_value").
    Source: Hull, Options, Futures, and Other Derivatives, ch. 15 (volatility from historical data).
    """
    if window < 2:
        raise ValueError(f"window {window} must be at least 2: one return has no standard deviation")
    if len(values) < window + 1:
        message = f"{len(values)} values; a volatility over {window} returns needs {window + 1}"
        return Missing("too_few_scenarios", message)
    returns = log_returns(values)
    if isinstance(returns, Missing):
        return returns
    windows = np.lib.stride_tricks.sliding_window_view(returns, window)
    deviations = windows.std(axis=1, ddof=1) * np.sqrt(periods_per_year)
    return np.concatenate((np.full(window, np.nan), deviations))


def latest_volatility(
    values: Floats, window: int = 20, periods_per_year: int = TRADING_DAYS
) -> Result[float]:
    """The newest number of `rolling_volatility`; only the last `window` + 1 values are looked at."""
    rolling = rolling_volatility(values[-(window + 1) :], window, periods_per_year)
    return rolling if isinstance(rolling, Missing) else float(rolling[-1])
