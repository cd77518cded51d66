"""Expected shortfall of a vector of scenario profits and losses, by the rules in use."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from quant.arrays import Dates, Floats
from quant.confidence import BASIS_POINTS, tail_rank, unusable
from quant.quantiles import quantile_weights
from quant.result import Missing, Result
from quant.tails import RankWeights, Tail, worst_first

ShortfallRule = Literal["acerbi_tasche", "mean_of_worst", "beyond_var", "below_quantile", "ore"]
SHORTFALL_RULES: tuple[ShortfallRule, ...] = get_args(ShortfallRule)


@dataclass(frozen=True, slots=True)
class ExpectedShortfall:
    """Mean loss (positive) of the tail.

    `tail_scenarios` is how many scenarios it is a mean of: N * p, not rounded, for the default rule, a whole
    number for the others. `rule` names the rule.
    """

    value: float
    tail_scenarios: float
    scenarios: int
    rule: ShortfallRule


def expected_shortfall(
    pnl: Floats, confidence_bp: int, rule: ShortfallRule = "acerbi_tasche"
) -> Result[ExpectedShortfall]:
    """Expected shortfall: mean of the worst N * p scenarios, the last one counted by its fraction.

    Inputs: scenario P&L (N,) in one currency, gains positive; confidence in parts per 10,000; the rule.
    Output: a loss, positive; a flat book gives 0, a certain gain is negative.
    Formula: `acerbi_tasche` -(sum of x(i) for i <= floor(Np), plus (Np - floor(Np)) * x(floor(Np) + 1)) /
    (Np), with Np exact: coherent and never below the VaR of the same confidence. The others are plain means:
    `mean_of_worst` of the ceil(Np) worst; `beyond_var` of what is strictly worse than the k-th worst (Hull);
    `below_quantile` of what is strictly below the interpolated quantile of type 7 (PerformanceAnalytics);
    `ore` of what is at or below the (floor(Np) + 1)-th worst.
    Ties: without effect on the default.
    Errors: Missing("too_few_scenarios") when N < 1 / p or N < 2, or when a strict rule leaves nothing to
    average; Missing("not_finite").
    Source: Acerbi and Tasche (2002), On the coherence of expected shortfall; Hull, Risk Management and
    Financial Institutions, ch. 13; PerformanceAnalytics, ES(method = "historical"); ORE,
    OREAnalytics/orea/engine/historicalsimulationvar.cpp.
    """
    missing = unusable(pnl, confidence_bp)
    if missing is not None:
        return missing
    worst = np.sort(pnl)
    counts = _counts(worst, confidence_bp, rule)
    if isinstance(counts, Missing):
        return counts
    size = _size(len(pnl), confidence_bp, rule, counts)
    return ExpectedShortfall(
        value=0.0 - float(counts @ worst[: len(counts)]) / size,
        tail_scenarios=size,
        scenarios=len(pnl),
        rule=rule,
    )


def shortfall_tail(
    pnl: Floats, dates: Dates, confidence_bp: int, rule: ShortfallRule = "acerbi_tasche"
) -> Result[Tail]:
    """The scenarios that `expected_shortfall` is a mean of, with their weights.

    Inputs and errors as there, and scenario dates (N,). The tie rule (P&L, then date) decides which of equal
    scenarios takes the fractional weight.
    """
    missing = unusable(pnl, confidence_bp)
    if missing is not None:
        return missing
    order = worst_first(pnl, dates)
    counts = _counts(pnl[order], confidence_bp, rule)
    if isinstance(counts, Missing):
        return counts
    ranks = np.arange(1, len(counts) + 1, dtype=np.intp)
    return RankWeights(ranks, counts / _size(len(pnl), confidence_bp, rule, counts)).tail(order)


def _counts(worst: Floats, confidence_bp: int, rule: ShortfallRule) -> Result[Floats]:
    """How much of each of the worst scenarios counts: 1, and for the last one its fraction."""
    if rule == "acerbi_tasche":
        whole, part = divmod(len(worst) * (BASIS_POINTS - confidence_bp), BASIS_POINTS)
        return np.append(np.ones(whole), part / BASIS_POINTS) if part else np.ones(whole)
    count = _plain_count(worst, confidence_bp, rule)
    if count == 0:
        return Missing("too_few_scenarios", f"no scenario is worse than the quantile, as {rule} asks for")
    return np.ones(count)


def _plain_count(worst: Floats, confidence_bp: int, rule: ShortfallRule) -> int:
    if rule == "mean_of_worst":
        return tail_rank(len(worst), confidence_bp)
    if rule == "beyond_var":
        return _places_below(worst, float(worst[tail_rank(len(worst), confidence_bp) - 1]))
    if rule == "below_quantile":
        ranks = quantile_weights(len(worst), confidence_bp, "hyndman_fan_7")
        quantile = float(ranks.weights @ worst[ranks.ranks - 1])
        return _places_below(worst, quantile)
    if rule == "ore":
        rank = int(quantile_weights(len(worst), confidence_bp, "ore").ranks[0])
        return int(np.searchsorted(worst, float(worst[rank - 1]), side="right"))
    raise ValueError(f"rule {rule!r} must be one of {', '.join(SHORTFALL_RULES)}")


def _places_below(worst: Floats, value: float) -> int:
    return int(np.searchsorted(worst, value, side="left"))


def _size(scenarios: int, confidence_bp: int, rule: ShortfallRule, counts: Floats) -> float:
    """What the weights are divided by: N p exactly for the default, the number of scenarios otherwise."""
    if rule == "acerbi_tasche":
        return scenarios * (BASIS_POINTS - confidence_bp) / BASIS_POINTS
    return float(len(counts))
