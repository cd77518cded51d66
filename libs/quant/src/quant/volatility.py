"""Volatility of a value series: standard deviation of its returns, rolling or exponentially weighted."""

from typing import Literal

import numpy as np

from quant.arrays import Floats, not_finite
from quant.result import Missing, Result
from quant.returns import log_returns, simple_returns

TRADING_DAYS = 252
LAMBDA = 0.94
SEED_WINDOW = 20
ReturnType = Literal["log", "simple"]
Centre = Literal["sample", "zero"]


def rolling_volatility(
    values: Floats,
    window: int = 20,
    periods_per_year: int = TRADING_DAYS,
    returns: ReturnType = "log",
    mean: Centre = "sample",
) -> Result[Floats]:
    """Annualised volatility over the last `window` returns at each date.

    Inputs: values or prices (T,), each above zero. Output: (T,), fractions per year; NaN until `window`
    returns exist, so the first number stands at row `window`.
    Formula: sd of the window's returns with ddof = 1, times sqrt(periods_per_year); with `mean` "zero" the
    root of their mean square (RiskMetrics). A constant value gives 0.
    Errors: Missing("too_few_scenarios") when T < window + 1, Missing("not_finite"),
    Missing("not_positive_value"). ValueError for a window below 2.
    Source: Hull, Options, Futures, and Other Derivatives, ch. 15 (volatility from historical data).
    """
    if window < 2:
        raise ValueError(f"window {window} must be at least 2: one return has no standard deviation")
    if len(values) < window + 1:
        message = f"{len(values)} values; a volatility over {window} returns needs {window + 1}"
        return Missing("too_few_scenarios", message)
    found = log_returns(values) if returns == "log" else simple_returns(values)
    if isinstance(found, Missing):
        return found
    windows = np.lib.stride_tricks.sliding_window_view(found, window)
    spread = windows.std(axis=1, ddof=1) if mean == "sample" else np.sqrt((windows**2).mean(axis=1))
    return np.concatenate((np.full(window, np.nan), spread * np.sqrt(periods_per_year)))


def latest_volatility(
    values: Floats,
    window: int = 20,
    periods_per_year: int = TRADING_DAYS,
    returns: ReturnType = "log",
    mean: Centre = "sample",
) -> Result[float]:
    """The newest number of `rolling_volatility`; only the last `window` + 1 values are looked at."""
    rolling = rolling_volatility(values[-(window + 1) :], window, periods_per_year, returns, mean)
    return rolling if isinstance(rolling, Missing) else float(rolling[-1])


def ewma_variance(returns: Floats, decay: float = LAMBDA, seed_window: int = SEED_WINDOW) -> Result[Floats]:
    """Exponentially weighted variance per period, with a mean of zero.

    Inputs: returns (T,), newest last. Output: (T - seed_window + 1,): the first is the seed, the variance
    expected for the return after the seed window; the last is that of the return after the newest one.
    Formula: s2_t = decay * s2_{t-1} + (1 - decay) * r_{t-1}^2, seeded with the sample variance (ddof = 1) of
    the first `seed_window` returns. Returns of 0 throughout give 0.
    Errors: Missing("too_few_scenarios") when T < seed_window, Missing("not_finite"). ValueError for a decay
    outside (0, 1) or a seed window below 2.
    Source: RiskMetrics Technical Document, 4th edition (1996), ch. 5 (decay 0.94 for daily data).
    """
    seeded = _seed_and_shocks(returns, decay, seed_window)
    if isinstance(seeded, Missing):
        return seeded
    seed, shocks = seeded
    found = [seed]
    for shock in shocks.tolist():
        found.append(decay * found[-1] + shock)
    return np.array(found)


def latest_ewma_variance(
    returns: Floats, decay: float = LAMBDA, seed_window: int = SEED_WINDOW
) -> Result[float]:
    """The newest number of `ewma_variance`, as one weighted sum: equal to it but for rounding.

    Formula: s2_T = decay^n * seed + sum of decay^(n - i) * (1 - decay) * r_i^2 over the n returns after the
    seed window. Inputs and errors as there.
    """
    seeded = _seed_and_shocks(returns, decay, seed_window)
    if isinstance(seeded, Missing):
        return seeded
    seed, shocks = seeded
    weights = decay ** np.arange(len(shocks) - 1, -1, -1, dtype=np.float64)
    return decay ** len(shocks) * seed + float(weights @ shocks)


def _seed_and_shocks(returns: Floats, decay: float, seed_window: int) -> Result[tuple[float, Floats]]:
    """Where the recursion begins and what each later return adds."""
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay {decay} must lie between 0 and 1, such as 0.94")
    if seed_window < 2:
        raise ValueError(f"seed window {seed_window} must be at least 2: one return has no variance")
    if len(returns) < seed_window:
        message = f"{len(returns)} returns; the seed of the variance needs {seed_window}"
        return Missing("too_few_scenarios", message)
    bad = not_finite(returns, "a return")
    if bad is not None:
        return bad
    return float(returns[:seed_window].var(ddof=1)), (1.0 - decay) * returns[seed_window:] ** 2


def ewma_volatility(
    values: Floats,
    decay: float = LAMBDA,
    seed_window: int = SEED_WINDOW,
    periods_per_year: int = TRADING_DAYS,
) -> Result[float]:
    """Annualised volatility expected for the next period: root of `latest_ewma_variance` of log returns.

    Inputs: values or prices (T,), each above zero; T >= seed_window + 1. Output: fraction per year.
    Errors: as `ewma_variance`, and Missing("not_positive_value").
    """
    returns = log_returns(values)
    if isinstance(returns, Missing):
        return returns
    variance = latest_ewma_variance(returns, decay, seed_window)
    if isinstance(variance, Missing):
        return variance
    return float(np.sqrt(variance * periods_per_year))
