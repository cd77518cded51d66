"""Return per risk and co-movement: annual return, Sharpe, Sortino, beta, tracking error."""

from typing import Literal

import numpy as np

from quant.arrays import Floats, check_same_length, not_finite
from quant.result import Missing, Result

TRADING_DAYS = 252


def annual_return(returns: Floats, periods_per_year: int = TRADING_DAYS) -> Result[float]:
    """Geometric return per year: product(1 + r)^(A / n) - 1.

    Inputs: simple returns (n,), newest last. Output: fraction per year; one return is compounded A times.
    Errors: Missing("too_few_scenarios") for no return, Missing("not_finite"), Missing("not_positive_value")
    when all is lost or more.
    Source: Bacon, Practical Portfolio Performance Measurement and Attribution (2008), ch. 2.
    """
    bad = _unusable(returns, 1, "a return")
    if bad is not None:
        return bad
    growth = float(np.prod(1.0 + returns))
    if growth <= 0.0:
        return Missing("not_positive_value", f"one unit has become {growth:g}, which has no return per year")
    return growth ** (periods_per_year / len(returns)) - 1.0


def sharpe_ratio(
    returns: Floats,
    risk_free: float = 0.0,
    periods_per_year: int = TRADING_DAYS,
    form: Literal["arithmetic", "geometric"] = "arithmetic",
) -> Result[float]:
    """Excess return per unit of volatility, annualised.

    Inputs: simple returns (n,), risk-free rate per period. Output: ratio per square root of year.
    Formula: mean(r - rf) / sd(r - rf, ddof = 1) * sqrt(A) (empyrical); "geometric" is the geometric annual
    return of the excess over its annual sd (PerformanceAnalytics). They differ by design.
    Errors: Missing("too_few_scenarios") for fewer than two returns, Missing("not_finite"),
    Missing("not_positive_value") when the standard deviation is 0, since no risk gives no ratio.
    Source: Sharpe, The Sharpe Ratio (1994).
    """
    bad = _unusable(returns, 2, "a Sharpe ratio")
    if bad is not None:
        return bad
    excess = returns - risk_free
    deviation = _deviation(excess)
    if deviation == 0.0:
        return Missing(
            "not_positive_value", "the returns do not vary, so there is no ratio to their deviation"
        )
    if form == "arithmetic":
        return float(excess.mean()) / deviation * periods_per_year**0.5
    annual = annual_return(excess, periods_per_year)
    return annual if isinstance(annual, Missing) else annual / (deviation * periods_per_year**0.5)


def sortino_ratio(
    returns: Floats,
    target: float = 0.0,
    periods_per_year: int = TRADING_DAYS,
    denominator: Literal["full", "subset"] = "full",
) -> Result[float]:
    """Excess return per unit of downside deviation, annualised.

    Inputs: simple returns (n,), target per period. Output: ratio per square root of year.
    Formula: mean(r - target) / sqrt(sum(min(r - target, 0)^2) / n) * sqrt(A); "subset" divides by the number
    of returns below the target instead of n.
    Errors: Missing("too_few_scenarios") for fewer than two returns, Missing("not_finite"),
    Missing("not_positive_value") when no return is below the target.
    Source: Sortino and Price (1994); PerformanceAnalytics SortinoRatio (method "full").
    """
    bad = _unusable(returns, 2, "a Sortino ratio")
    if bad is not None:
        return bad
    excess = returns - target
    falls = excess[excess < 0.0]
    if not len(falls):
        return Missing("not_positive_value", "no return is below the target, so there is no downside")
    count = len(returns) if denominator == "full" else len(falls)
    downside = float(np.sqrt((falls**2).sum() / count))
    return float(excess.mean()) / downside * periods_per_year**0.5


def beta(returns: Floats, benchmark: Floats) -> Result[float]:
    """Slope of the returns on those of the benchmark: cov(r, b) / var(b), both with ddof = 1.

    Inputs: simple returns (n,) of the same dates and in the same currency.
    Errors: Missing("too_few_scenarios") for fewer than two, Missing("not_finite"),
    Missing("not_positive_value") when the benchmark does not vary. ValueError for different lengths.
    Source: Sharpe (1964), the market model.
    """
    check_same_length(returns, benchmark, "returns and benchmark")
    bad = _unusable(returns, 2, "a beta") or not_finite(benchmark, "a return of the benchmark")
    if bad is not None:
        return bad
    if _deviation(benchmark) == 0.0:
        return Missing("not_positive_value", "the benchmark does not vary, so there is no beta")
    centred = benchmark - benchmark.mean()
    return float((centred @ (returns - returns.mean())) / (centred @ centred))


def tracking_error(returns: Floats, benchmark: Floats, periods_per_year: int = TRADING_DAYS) -> Result[float]:
    """Volatility of the return above the benchmark: sd(r - b, ddof = 1) * sqrt(A), a fraction per year.

    Inputs and errors as `beta`, but a benchmark that does not vary is fine; equal returns give 0.
    Source: Bacon (2008), ch. 4.
    """
    check_same_length(returns, benchmark, "returns and benchmark")
    bad = _unusable(returns, 2, "a tracking error") or not_finite(benchmark, "a return of the benchmark")
    if bad is not None:
        return bad
    return _deviation(returns - benchmark) * periods_per_year**0.5


def _deviation(returns: Floats) -> float:
    """Sample standard deviation; exactly 0 for equal returns, whose mean can be off by a rounding."""
    return 0.0 if (returns == returns[0]).all() else float(returns.std(ddof=1))


def _unusable(returns: Floats, least: int, what: str) -> Missing | None:
    if len(returns) < least:
        return Missing("too_few_scenarios", f"{len(returns)} returns; {what} needs at least {least}")
    return not_finite(returns, "a return")
