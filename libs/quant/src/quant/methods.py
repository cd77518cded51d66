"""VaR and expected shortfall of a book by any method, each with its split by position."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from quant.arrays import Dates, Floats
from quant.confidence import check_confidence
from quant.expected_shortfall import ShortfallRule, shortfall_tail
from quant.intervals import VarInterval, var_interval
from quant.parametric import (
    cornish_fisher_var,
    ewma_covariance,
    parametric_shortfall,
    parametric_var,
    sample_covariance,
)
from quant.quantiles import Estimator, quantile_weights
from quant.result import Missing, Result
from quant.revaluation import Holding
from quant.samples import (
    Sample,
    filtered_sample,
    overlapping_sample,
    past_sample,
    stressed_sample,
    volatility_scaled_sample,
)
from quant.scenarios import FactorMatrix
from quant.stressed import STRESSED_WINDOW
from quant.tails import Tail
from quant.var import historical_var
from quant.volatility import SEED_WINDOW
from quant.weights import AGE_DECAY, age_weights, weighted_var

VarMethod = Literal[
    "historical",
    "age_weighted",
    "volatility_scaled",
    "filtered",
    "stressed",
    "parametric",
    "parametric_ewma",
    "cornish_fisher",
    "overlapping",
]
METHODS: tuple[VarMethod, ...] = get_args(VarMethod)
RANKED: frozenset[VarMethod] = frozenset(
    {"historical", "volatility_scaled", "filtered", "stressed", "overlapping"}
)
"""Methods whose scenarios count equally, so that an estimator and a rule of shortfall can be chosen."""
ALL_HISTORY = 100_001  # rows asked for where a method wants all there is: more than any history has
NAMED_SCENARIOS = 10


@dataclass(frozen=True, slots=True)
class VarQuestion:
    """What to estimate and how; estimator and rule are None for methods that have their own."""

    confidence_bp: int = 9500
    horizon_days: int = 1
    method: VarMethod = "historical"
    estimator: Estimator | None = None
    shortfall_rule: ShortfallRule | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """VaR and expected shortfall of position P&L (N, P), each with its components (P,).

    `tail` are the scenarios behind the VaR, `rank` that of the heaviest; None for methods without one.
    """

    var: float
    components: Floats
    shortfall: Result[float]
    shortfall_components: Floats | None
    tail: Tail | None = None
    rank: int | None = None
    mean_rank: float | None = None
    effective: float | None = None
    warnings: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class NamedScenario:
    """A scenario behind a VaR: the dates it is made of, its weight and its loss at the horizon."""

    dates: tuple[np.datetime64, ...]
    weight: float
    loss: float


@dataclass(frozen=True, slots=True)
class BookVar:
    """VaR of a book (positive loss, base currency) and all that is needed to check it.

    `estimate` is scaled to the horizon; `measure` gives it for the P&L of other positions in the same
    scenarios. `named` are the heaviest scenarios, worst first.
    """

    question: VarQuestion
    estimator: str
    shortfall_rule: str
    sample: Sample
    estimate: Estimate
    measure: Callable[[Floats], Result[Estimate]]
    interval: VarInterval | None
    named: tuple[NamedScenario, ...]
    effective_scenarios: float
    warnings: tuple[str, ...]


Measure: TypeAlias = Callable[[Floats], Result[Estimate]]


def unsupported(question: VarQuestion) -> str | None:
    """Why this combination is not offered, and what is; None when it is."""
    if question.method not in METHODS:
        return f"method {question.method!r} is not offered; there are {', '.join(METHODS)}"
    if question.method in RANKED:
        return None
    for name, value in (("estimator", question.estimator), ("shortfall_rule", question.shortfall_rule)):
        if value is not None:
            ranked = ", ".join(one for one in METHODS if one in RANKED)
            return f"method {question.method} has no choice of {name}; it is offered for {ranked}"
    return None


def rows_needed(question: VarQuestion, lookback: int) -> int:
    """Dates of history that make `lookback` scenarios by this method (for `stressed`: all)."""
    if question.method == "stressed":
        return ALL_HISTORY
    seed = SEED_WINDOW if question.method in ("volatility_scaled", "filtered") else 0
    longer = question.horizon_days - 1 if question.method == "overlapping" else 0
    return lookback + 1 + seed + longer


def book_var(
    factors: FactorMatrix,
    holdings: Sequence[Holding],
    question: VarQuestion,
    window: int = STRESSED_WINDOW,
) -> Result[BookVar]:
    """VaR and expected shortfall of current holdings.

    Inputs: factors in the book's base currency with `rows_needed` dates; priced positions; the question; the
    length of a stressed window.
    Output: losses at the horizon, positive, with components by position, interval and the scenarios used.
    Edge cases: an empty book gives 0.
    Errors: Missing of the scenarios or of the estimator. ValueError for a question that is `unsupported`.
    Source: docs/reference/measures/var.md.
    """
    check_confidence(question.confidence_bp)
    refusal = unsupported(question)
    if refusal is not None:
        raise ValueError(refusal)
    sample = _sample(factors, holdings, question, window)
    if isinstance(sample, Missing):
        return sample
    measure = _measure(question, sample)
    estimate = measure(sample.scenarios.position_pnl)
    if isinstance(estimate, Missing):
        return estimate
    ranked = question.method in RANKED
    return BookVar(
        question=question,
        estimator=(question.estimator or "kth_worst") if ranked else question.method,
        shortfall_rule=(question.shortfall_rule or "acerbi_tasche") if ranked else question.method,
        sample=sample,
        estimate=estimate,
        measure=measure,
        interval=_interval(sample, question.confidence_bp) if ranked else None,
        named=_named(sample, estimate.tail),
        effective_scenarios=sample.effective if estimate.effective is None else estimate.effective,
        warnings=sample.warnings + estimate.warnings,
    )


def _sample(
    factors: FactorMatrix, holdings: Sequence[Holding], question: VarQuestion, window: int
) -> Result[Sample]:
    days = question.horizon_days
    if question.method == "volatility_scaled":
        return volatility_scaled_sample(factors, holdings, days)
    if question.method == "filtered":
        return filtered_sample(factors, holdings, days)
    if question.method == "overlapping":
        return overlapping_sample(factors, holdings, days)
    if question.method == "stressed":
        estimator = question.estimator or "kth_worst"
        return stressed_sample(factors, holdings, days, question.confidence_bp, estimator, window)
    return past_sample(factors, holdings, days)


def _measure(question: VarQuestion, sample: Sample) -> Measure:
    """The estimator of the method, at the horizon."""
    dates, level, scale = sample.scenarios.dates, question.confidence_bp, sample.scale
    if question.method == "age_weighted":
        return lambda pnl: _age_weighted(scale * pnl, dates, level)
    if question.method == "cornish_fisher":
        return lambda pnl: _cornish_fisher(scale * pnl, level)
    if question.method in ("parametric", "parametric_ewma"):
        covariance = sample_covariance if question.method == "parametric" else ewma_covariance
        return lambda pnl: _parametric(scale * pnl, level, covariance)
    estimator, rule = question.estimator or "kth_worst", question.shortfall_rule or "acerbi_tasche"
    return lambda pnl: _ranked(scale * pnl, dates, level, estimator, rule)


def _ranked(
    position_pnl: Floats, dates: Dates, level: int, estimator: Estimator, rule: ShortfallRule
) -> Result[Estimate]:
    pnl = position_pnl.sum(axis=1)
    found = historical_var(pnl, dates, level, estimator)
    if isinstance(found, Missing):
        return found
    tail = shortfall_tail(pnl, dates, level, rule)
    missing = isinstance(tail, Missing)
    return Estimate(
        var=found.value,
        components=found.tail.losses(position_pnl),
        shortfall=tail if missing else tail.loss(pnl),
        shortfall_components=None if missing else tail.losses(position_pnl),
        tail=found.tail,
        rank=found.rank,
        mean_rank=quantile_weights(len(pnl), level, estimator).mean_rank,
    )


def _age_weighted(position_pnl: Floats, dates: Dates, level: int) -> Result[Estimate]:
    pnl = position_pnl.sum(axis=1)
    found = weighted_var(pnl, dates, age_weights(len(pnl)), level) if len(pnl) else _no_scenarios()
    if isinstance(found, Missing):
        return found
    alone = ("one scenario weighs more than the tail and is the VaR by itself",) if found.dominated else ()
    return Estimate(
        var=found.value,
        components=found.tail.losses(position_pnl),
        shortfall=found.shortfall.loss(pnl),
        shortfall_components=found.shortfall.losses(position_pnl),
        tail=found.tail,
        rank=found.rank,
        effective=found.effective_scenarios,
        warnings=alone,
        details={"decay": str(AGE_DECAY), "weight_reached": f"{found.reached:.6g}"},
    )


def _no_scenarios() -> Missing:
    return Missing("too_few_scenarios", "no scenarios")


def _parametric(
    position_pnl: Floats, level: int, covariance: Callable[[Floats], Result[Floats]]
) -> Result[Estimate]:
    """Exposures of one to the P&L of each position: what a position holds is in its P&L already."""
    found = covariance(position_pnl)
    if isinstance(found, Missing):
        return found
    exposures = np.ones(position_pnl.shape[1])
    var, shortfall = parametric_var(exposures, found, level), parametric_shortfall(exposures, found, level)
    if isinstance(var, Missing):
        return var
    if isinstance(shortfall, Missing):
        return shortfall
    none = np.zeros(len(exposures))
    return Estimate(
        var=var.value,
        components=none if var.marginal is None else var.marginal,
        shortfall=shortfall.value,
        shortfall_components=none if shortfall.marginal is None else shortfall.marginal,
        details={"deviation": f"{var.deviation:.12g}", "z": f"{var.multiple:.9g}", "mean": "0"},
    )


def _cornish_fisher(position_pnl: Floats, level: int) -> Result[Estimate]:
    found = cornish_fisher_var(position_pnl.sum(axis=1), level)
    if isinstance(found, Missing):
        return found
    slope = np.full(len(position_pnl), -1.0 / len(position_pnl)) if found.slope is None else found.slope
    details = {"mean": f"{found.mean:.12g}", "deviation": f"{found.deviation:.12g}"}
    if found.skewness is not None and found.excess_kurtosis is not None:
        details |= {"skewness": f"{found.skewness:.6g}", "excess_kurtosis": f"{found.excess_kurtosis:.6g}"}
    warning = "the expansion does not rise everywhere: do not use it for other confidences"
    return Estimate(
        var=found.value,
        components=slope @ position_pnl,
        shortfall=Missing("outside_domain", "Cornish-Fisher corrects a quantile; it gives no shortfall here"),
        shortfall_components=None,
        warnings=() if found.monotone else (warning,),
        details=details,
    )


def _interval(sample: Sample, level: int) -> VarInterval | None:
    """None where scenarios are not independent, which the interval needs."""
    if not sample.is_independent:
        return None
    found = var_interval(sample.scale * sample.scenarios.pnl, level)
    return None if isinstance(found, Missing) else found


def _named(sample: Sample, tail: Tail | None) -> tuple[NamedScenario, ...]:
    if tail is None:
        return ()
    heaviest = np.sort(np.argsort(-tail.weights, kind="stable")[:NAMED_SCENARIOS])
    return tuple(
        NamedScenario(
            dates=_dates(sample, int(tail.rows[place])),
            weight=float(tail.weights[place]),
            loss=0.0 - sample.scale * float(sample.scenarios.pnl[tail.rows[place]]),
        )
        for place in heaviest
    )


def _dates(sample: Sample, row: int) -> tuple[np.datetime64, ...]:
    drawn = sample.scenarios.dates[row : row + 1] if sample.paths is None else sample.paths[row]
    return tuple(drawn)
