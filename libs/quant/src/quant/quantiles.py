"""Estimators of the tail quantile, each as weights of order statistics, with ranks in exact arithmetic."""

from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Literal, get_args

import numpy as np
from scipy.special import betainc  # pyright: ignore[reportMissingTypeStubs]

from quant.arrays import Floats
from quant.confidence import tail_probability, tail_rank
from quant.tails import RankWeights

Estimator = Literal[
    "kth_worst",
    "hyndman_fan_1",
    "hyndman_fan_2",
    "hyndman_fan_3",
    "hyndman_fan_4",
    "hyndman_fan_5",
    "hyndman_fan_6",
    "hyndman_fan_7",
    "hyndman_fan_8",
    "hyndman_fan_9",
    "ore",
    "harrell_davis",
    "rank_window",
]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
RANK_WINDOW = 2  # ranks on each side of k that `rank_window` averages
_NEGLIGIBLE = 1e-15  # Harrell-Davis weights below this are rounding of the beta function


@lru_cache(maxsize=1024)
def quantile_weights(scenarios: int, confidence_bp: int, estimator: Estimator = "kth_worst") -> RankWeights:
    """Weights of the order statistics that estimate the quantile at p = 1 - c of the P&L.

    Inputs: N >= 1 scenarios; confidence in parts per 10,000; the estimator. Output: weights that sum to 1.
    Formula: `kth_worst` x(ceil(Np)); `ore` x(floor(Np) + 1); `hyndman_fan_1` to `_9` the sample quantiles of
    their paper at p; `harrell_davis` sum of x(i) (I_{i/N}(a, b) - I_{(i-1)/N}(a, b)), a = (N + 1) p,
    b = (N + 1)(1 - p); `rank_window` the mean of the k-th worst and its 2 neighbours on each side (fewer at
    the edge, always as many on both sides).
    Np is exact: no rank depends on floating point.
    Errors: ValueError for an unknown estimator or N < 1.
    Source: Hyndman and Fan (1996), Sample Quantiles in Statistical Packages; Harrell and Davis (1982), A New
    Distribution-Free Quantile Estimator; ORE, OREAnalytics/orea/engine/historicalsimulationvar.cpp.
    """
    if scenarios < 1:
        raise ValueError(f"{scenarios} scenarios have no quantile")
    if estimator == "kth_worst":
        return _ranks([tail_rank(scenarios, confidence_bp)], [1.0])
    if estimator == "ore":
        rank = floor(scenarios * tail_probability(confidence_bp)) + 1
        return _ranks([min(rank, scenarios)], [1.0])
    if estimator == "harrell_davis":
        return _harrell_davis(scenarios, confidence_bp)
    if estimator == "rank_window":
        return _rank_window(scenarios, tail_rank(scenarios, confidence_bp))
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator {estimator!r} must be one of {', '.join(ESTIMATORS)}")
    return _hyndman_fan(scenarios, tail_probability(confidence_bp), int(estimator[-1]))


def _hyndman_fan(scenarios: int, tail: Fraction, kind: int) -> RankWeights:
    """(1 - gamma) x(j) + gamma x(j + 1), with ranks outside the sample moved to its edge."""
    position = scenarios * tail + _offset(tail, kind)
    lower = floor(position)
    rest = position - lower
    if kind == 1:
        upper_weight = Fraction(rest > 0)
    elif kind == 2:
        upper_weight = Fraction(1) if rest > 0 else Fraction(1, 2)
    elif kind == 3:
        upper_weight = Fraction(rest > 0 or lower % 2 == 1)
    else:
        upper_weight = rest
    pair = [(lower, 1 - upper_weight), (lower + 1, upper_weight)]
    merged: dict[int, Fraction] = {}
    for rank, weight in pair:
        inside = min(max(rank, 1), scenarios)
        if weight:
            merged[inside] = merged.get(inside, Fraction(0)) + weight
    return _ranks(list(merged), [float(weight) for weight in merged.values()])


def _offset(tail: Fraction, kind: int) -> Fraction:
    """m of Hyndman and Fan: position = N p + m."""
    offsets = {
        1: Fraction(0),
        2: Fraction(0),
        3: Fraction(-1, 2),
        4: Fraction(0),
        5: Fraction(1, 2),
        6: tail,
        7: 1 - tail,
        8: (tail + 1) / 3,
        9: tail / 4 + Fraction(3, 8),
    }
    return offsets[kind]


def _harrell_davis(scenarios: int, confidence_bp: int) -> RankWeights:
    tail = tail_probability(confidence_bp)
    first, second = float((scenarios + 1) * tail), float((scenarios + 1) * (1 - tail))
    edges = np.arange(scenarios + 1) / scenarios
    weights = np.diff(betainc(first, second, edges))
    kept = np.flatnonzero(weights > _NEGLIGIBLE)
    return _ranks((kept + 1).tolist(), weights[kept] / weights[kept].sum())


def _rank_window(scenarios: int, rank: int) -> RankWeights:
    half = min(RANK_WINDOW, rank - 1, scenarios - rank)
    ranks = list(range(rank - half, rank + half + 1))
    return _ranks(ranks, [1.0 / len(ranks)] * len(ranks))


def _ranks(ranks: list[int], weights: list[float] | Floats) -> RankWeights:
    found = RankWeights(np.array(ranks, dtype=np.intp), np.array(weights, dtype=np.float64))
    found.ranks.setflags(write=False)  # cached: shared by all callers
    found.weights.setflags(write=False)
    return found
