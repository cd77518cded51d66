"""VaR and expected shortfall of scenarios that do not count equally, such as older ones counting less."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Dates, Floats, check_same_length, not_finite
from quant.confidence import BASIS_POINTS, unusable
from quant.result import Result
from quant.tails import Tail, worst_first

AGE_DECAY = 0.98
TOLERANCE = 1e-9  # accumulated weights are floats: without it the rank would depend on rounding


@dataclass(frozen=True, slots=True)
class WeightedVar:
    """A loss (positive), its place and its scenarios.

    `rank` counts from the worst, `reached` is the weight accumulated up to it, `effective_scenarios` is
    1 / sum(w^2): how many equally weighted scenarios would say as much. `dominated` tells that one scenario
    alone weighs more than p, so that it is the VaR by itself. `shortfall` is the tail of the expected
    shortfall, the VaR scenario counted by the weight that is left.
    """

    value: float
    rank: int
    scenarios: int
    scenario: int
    scenario_date: np.datetime64
    reached: float
    effective_scenarios: float
    dominated: bool
    tail: Tail
    shortfall: Tail


def age_weights(scenarios: int, decay: float = AGE_DECAY) -> Floats:
    """Exponentially declining weights (N,) that sum to 1, oldest first.

    Formula: w_i = decay^(i-1) (1 - decay) / (1 - decay^N), i = 1 the newest. A decay of 1 gives 1 / N.
    Errors: ValueError for a decay outside (0, 1] or N < 1.
    Source: Boudoukh, Richardson and Whitelaw (1998), The Best of Both Worlds.
    """
    if not 0.0 < decay <= 1.0 or scenarios < 1:
        raise ValueError(f"decay {decay} must be above 0 and at most 1, for at least one scenario")
    raw = decay ** np.arange(scenarios - 1, -1, -1, dtype=np.float64)
    return raw / raw.sum()


def weighted_var(
    pnl: Floats, dates: Dates, weights: Floats, confidence_bp: int, *, interpolate: bool = False
) -> Result[WeightedVar]:
    """VaR of weighted scenarios: from the worst on, the first at which the weight reaches p = 1 - c.

    Inputs: scenario P&L (N,), gains positive; scenario dates (N,); weights (N,) at or above 0, summing to 1;
    confidence in parts per 10,000.
    Output: as `historical_var`, to which it is equal for equal weights. With `interpolate` half of each
    weight counts on either side of its scenario and the value runs linearly through the midpoints.
    Ties and errors as there; ValueError for weights that are negative or do not sum to 1.
    Source: Boudoukh, Richardson and Whitelaw (1998); Allen, Boudoukh and Saunders (2004), Understanding
    Market, Credit, and Operational Risk, ch. 2 (interpolation).
    """
    check_same_length(pnl, dates, "P&L and scenario dates")
    check_same_length(pnl, weights, "P&L and weights")
    missing = unusable(pnl, confidence_bp) or not_finite(weights, "a weight")
    if missing is not None:
        return missing
    if (weights < 0).any() or abs(float(weights.sum()) - 1.0) > TOLERANCE:
        raise ValueError("weights must be at or above 0 and sum to 1")
    order = worst_first(pnl, dates)
    sorted_weights = weights[order]
    reached = np.cumsum(sorted_weights)
    tail = (BASIS_POINTS - confidence_bp) / BASIS_POINTS
    place = min(int(np.searchsorted(reached, tail - TOLERANCE)), len(pnl) - 1)
    row = int(order[place])
    found = _midpoints(order, sorted_weights, reached, tail) if interpolate else _single(row)
    return WeightedVar(
        value=found.loss(pnl),
        rank=place + 1,
        scenarios=len(pnl),
        scenario=row,
        scenario_date=dates[row],
        reached=float(reached[place]),
        effective_scenarios=1.0 / float(weights @ weights),
        dominated=bool((weights > tail + TOLERANCE).any()),
        tail=found,
        shortfall=_shortfall(order, sorted_weights, place, tail),
    )


def _single(row: int) -> Tail:
    return Tail(np.array([row], dtype=np.intp), np.ones(1))


def _shortfall(order: np.ndarray, weights: Floats, place: int, tail: float) -> Tail:
    counted = weights[: place + 1].copy()
    counted[place] = max(tail - float(weights[:place].sum()), 0.0)
    return Tail(order[: place + 1], counted / counted.sum())


def _midpoints(order: np.ndarray, weights: Floats, reached: Floats, tail: float) -> Tail:
    """Neighbours around p: a scenario stands at the middle of its weight, half way to the next at its end."""
    middles = reached - weights / 2
    after = int(np.searchsorted(middles, tail))
    if after in (0, len(middles)):
        return _single(int(order[min(after, len(middles) - 1)]))
    before, end = after - 1, float(reached[after - 1])
    if tail <= end:
        share = 0.5 * (tail - middles[before]) / (end - middles[before])
    else:
        share = 0.5 + 0.5 * (tail - end) / (middles[after] - end)
    return Tail(order[[before, after]], np.array([1.0 - share, share]))
