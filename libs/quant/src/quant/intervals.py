"""How sure a historical VaR is: the order-statistic interval, free of any distribution."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import bdtr  # pyright: ignore[reportMissingTypeStubs]

from quant.arrays import Floats
from quant.confidence import BASIS_POINTS, check_confidence, unusable
from quant.result import Missing, Result

COVERAGE_BP = 9500  # asked for; the one reached is in the result


@dataclass(frozen=True, slots=True)
class VarInterval:
    """Losses between which the true VaR lies with probability `coverage`.

    `lower` = -x(lower_rank) and `upper` = -x(upper_rank); ranks count from the worst, so the upper loss has
    the smaller rank. A side is None where the sample is too small to bound it; it then counts as unbounded.
    """

    lower: float | None
    upper: float | None
    lower_rank: int | None
    upper_rank: int | None
    coverage: float


@lru_cache(maxsize=1024)
def interval_ranks(
    scenarios: int, confidence_bp: int, coverage_bp: int = COVERAGE_BP
) -> tuple[int | None, int | None, float]:
    """Ranks (l, u) from the worst, and the probability that the quantile lies from x(l) to x(u).

    With B ~ Binomial(N, p) it is P(l <= B <= u - 1). l is the largest rank with P(B < l) <= a / 2, u the
    smallest with P(B >= u) <= a / 2, a = 1 - coverage; a side without such a rank is None.
    """
    check_confidence(confidence_bp)
    side = (BASIS_POINTS - coverage_bp) / BASIS_POINTS / 2
    tail = (BASIS_POINTS - confidence_bp) / BASIS_POINTS
    below = bdtr(np.arange(scenarios, dtype=np.float64), scenarios, tail)  # P(B <= i), i = 0..N-1
    lower = int(np.searchsorted(below, side, side="right"))  # ranks l with P(B <= l - 1) <= side
    upper = int(np.searchsorted(below, 1.0 - side, side="left")) + 1
    reached = (float(below[upper - 1]) if upper <= scenarios else 1.0) - (below[lower - 1] if lower else 0.0)
    return lower or None, upper if upper <= scenarios else None, float(reached)


def var_interval(pnl: Floats, confidence_bp: int, coverage_bp: int = COVERAGE_BP) -> Result[VarInterval]:
    """Confidence interval of the VaR of equally weighted, independent scenarios.

    Inputs: scenario P&L (N,), gains positive; confidence and the coverage asked for in parts per 10,000.
    Output: losses; the coverage reached is at or above the one asked for.
    Edge cases: a side out of range is None. Ties can make the interval zero wide; a flat book gives 0 to 0.
    Errors: as `historical_var`.
    Source: Kendall and Stuart, The Advanced Theory of Statistics; David and Nagaraja, Order Statistics,
    section 7.1.
    """
    missing = unusable(pnl, confidence_bp)
    if isinstance(missing, Missing):
        return missing
    first, last, coverage = interval_ranks(len(pnl), confidence_bp, coverage_bp)
    worst = np.sort(pnl)
    return VarInterval(
        lower=None if last is None else 0.0 - float(worst[last - 1]),
        upper=None if first is None else 0.0 - float(worst[first - 1]),
        lower_rank=last,
        upper_rank=first,
        coverage=coverage,
    )
