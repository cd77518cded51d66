"""VaR and expected shortfall from a covariance (delta-normal) and from four moments (Cornish-Fisher)."""

from dataclasses import dataclass
from math import exp, pi, sqrt
from statistics import NormalDist

import numpy as np

from quant.arrays import Floats, not_finite
from quant.confidence import BASIS_POINTS, check_confidence
from quant.result import Missing, Result
from quant.volatility import LAMBDA, SEED_WINDOW

LEAST_FOR_MOMENTS = 4


@dataclass(frozen=True, slots=True)
class NormalVar:
    """Loss (positive) under a normal distribution, and its split.

    `marginal` (F,) is the change of the number per unit of exposure; exposure times marginal sums to `value`.
    It is None where the deviation is 0: the number then has no slope. `multiple` is z for VaR, phi(z) / p for
    expected shortfall.
    """

    value: float
    deviation: float
    multiple: float
    marginal: Floats | None


@dataclass(frozen=True, slots=True)
class CornishFisherVar:
    """Loss (positive) with a quantile corrected for skewness and excess kurtosis.

    `slope` (N,) is the change of the value with each scenario P&L; P&L times slope sums to the value. It is
    None for constant P&L. `monotone` tells whether the correction rises with the quantile everywhere; at the
    quantile used it always does, else there is no value.
    """

    value: float
    mean: float
    deviation: float
    skewness: float | None
    excess_kurtosis: float | None
    monotone: bool
    slope: Floats | None


def normal_quantile(confidence_bp: int) -> float:
    """z of the standard normal distribution: 1.644854 at 95 %, 2.326348 at 99 %."""
    check_confidence(confidence_bp)
    return NormalDist().inv_cdf(confidence_bp / BASIS_POINTS)


def shortfall_multiple(confidence_bp: int) -> float:
    """Expected shortfall of a standard normal loss, phi(z) / p: 2.3378 at 97.5 %."""
    z = normal_quantile(confidence_bp)
    return exp(-z * z / 2) / sqrt(2 * pi) * BASIS_POINTS / (BASIS_POINTS - confidence_bp)


def sample_covariance(returns: Floats) -> Result[Floats]:
    """Sample covariance (F, F) of returns or P&L (N, F), ddof = 1.

    Errors: Missing("too_few_scenarios") when N < 2, Missing("not_finite").
    """
    if len(returns) < 2:
        return Missing("too_few_scenarios", f"{len(returns)} scenarios; a covariance needs 2")
    bad = not_finite(returns, "a return")
    if bad is not None:
        return bad
    centred = returns - returns.mean(axis=0)
    return centred.T @ centred / (len(returns) - 1)


def ewma_covariance(returns: Floats, decay: float = LAMBDA, seed_window: int = SEED_WINDOW) -> Result[Floats]:
    """Exponentially weighted covariance (F, F) for the next period, with means of zero.

    Inputs: returns or P&L (N, F), newest last. The same recursion and seed as `ewma_variance`:
    S_t = decay S_{t-1} + (1 - decay) r r', seeded with the sample covariance of the first `seed_window` rows.
    Errors: Missing("too_few_scenarios") when N < seed_window, Missing("not_finite"). ValueError for a decay
    outside (0, 1) or a seed window below 2.
    Source: RiskMetrics Technical Document, 4th edition (1996), ch. 5.
    """
    if not 0.0 < decay < 1.0 or seed_window < 2:
        raise ValueError(f"decay {decay} must lie between 0 and 1, seed window {seed_window} be at least 2")
    if len(returns) < seed_window:
        message = f"{len(returns)} scenarios; the seed of the covariance needs {seed_window}"
        return Missing("too_few_scenarios", message)
    bad = not_finite(returns, "a return")
    if bad is not None:
        return bad
    seed = sample_covariance(returns[:seed_window])
    if isinstance(seed, Missing):
        return seed
    later = returns[seed_window:]
    weights = (1.0 - decay) * decay ** np.arange(len(later) - 1, -1, -1, dtype=np.float64)
    return decay ** len(later) * seed + (later * weights[:, None]).T @ later


def parametric_var(
    exposures: Floats, covariance: Floats, confidence_bp: int, mean: Floats | None = None
) -> Result[NormalVar]:
    """Delta-normal VaR.

    Inputs: exposures x (F,) in base currency, covariance S (F, F) of factor returns, confidence in parts per
    10,000, mean returns (F,) if they are not to be 0.
    Output: z sqrt(x' S x) - x' mean, a loss; marginal z S x / sqrt(x' S x) - mean.
    Edge cases: a flat book gives 0; a singular S is fine.
    Errors: Missing("not_finite"); Missing("not_positive_value") for a variance x' S x below 0 by more than
    rounding.
    Source: Jorion, Value at Risk, 3rd edition, ch. 7.
    """
    return _normal(exposures, covariance, normal_quantile(confidence_bp), mean)


def parametric_shortfall(
    exposures: Floats, covariance: Floats, confidence_bp: int, mean: Floats | None = None
) -> Result[NormalVar]:
    """Expected shortfall of the same distribution, sqrt(x' S x) phi(z) / p - x' mean; else as there.

    Source: McNeil, Frey and Embrechts, Quantitative Risk Management (2005), example 2.18.
    """
    return _normal(exposures, covariance, shortfall_multiple(confidence_bp), mean)


def _normal(exposures: Floats, covariance: Floats, multiple: float, mean: Floats | None) -> Result[NormalVar]:
    bad = not_finite(exposures, "an exposure") or not_finite(covariance, "a covariance")
    if bad is not None:
        return bad
    slope = covariance @ exposures
    variance = float(exposures @ slope)
    scale = float(np.abs(exposures) @ np.sqrt(np.abs(np.diagonal(covariance)))) ** 2
    if variance < -1e-12 * scale:
        return Missing("not_positive_value", f"the variance is {variance}: not a covariance matrix")
    # What is left of exactly offsetting exposures is rounding, not risk.
    deviation = sqrt(variance) if variance > 1e-15 * scale else 0.0
    drift = np.zeros(len(exposures)) if mean is None else mean
    value = multiple * deviation - float(exposures @ drift)
    marginal = None if deviation == 0.0 else multiple * slope / deviation - drift
    return NormalVar(value, deviation, multiple, marginal)


def cornish_fisher_var(pnl: Floats, confidence_bp: int) -> Result[CornishFisherVar]:
    """Modified VaR: the normal quantile corrected by skewness s and excess kurtosis K.

    Inputs: scenario P&L (N,), gains positive; confidence in parts per 10,000.
    Formula: h = z + (z^2 - 1) s / 6 + (z^3 - 3 z) K / 24 - (2 z^3 - 5 z) s^2 / 36 with z < 0 the lower-tail
    quantile; VaR = -(mean + h sigma). All moments are those of the population (ddof = 0).
    Edge cases: constant P&L has no skewness; its VaR is minus the mean.
    Errors: Missing("too_few_scenarios") when N < 4, Missing("not_finite"), Missing("outside_domain") when h
    does not rise at z, or dips further out: a higher confidence would then give a smaller loss.
    Source: PerformanceAnalytics, VaR(method = "modified"); Maillard (2012), A User's Guide to the
    Cornish Fisher Expansion (domain).
    """
    z = -normal_quantile(confidence_bp)
    if len(pnl) < LEAST_FOR_MOMENTS:
        message = f"{len(pnl)} scenarios; skewness and kurtosis need {LEAST_FOR_MOMENTS}"
        return Missing("too_few_scenarios", message)
    bad = not_finite(pnl, "scenario P&L")
    if bad is not None:
        return bad
    mean = float(pnl.mean())
    centred = pnl - mean
    deviation = sqrt(float(centred @ centred) / len(pnl))
    if deviation <= 1e-12 * float(np.abs(pnl).max(initial=0.0)):
        return CornishFisherVar(0.0 - mean, mean, 0.0, None, None, monotone=True, slope=None)
    unit = centred / deviation
    skewness, kurtosis = float((unit**3).mean()), float((unit**4).mean()) - 3.0
    rises, monotone = _rises(skewness, kurtosis, z)
    if not rises:
        message = (
            f"skewness {skewness:.3g} and excess kurtosis {kurtosis:.3g} are too large for the expansion"
        )
        return Missing("outside_domain", message)
    quantile = (
        z + (z**2 - 1) * skewness / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skewness**2 / 36
    )
    by_skewness = (z**2 - 1) / 6 - (2 * z**3 - 5 * z) * skewness / 18
    slope = _slope(unit, quantile, skewness, kurtosis, by_skewness, (z**3 - 3 * z) / 24)
    return CornishFisherVar(
        value=0.0 - (mean + quantile * deviation),
        mean=mean,
        deviation=deviation,
        skewness=skewness,
        excess_kurtosis=kurtosis,
        monotone=monotone,
        slope=slope,
    )


def _rises(skewness: float, kurtosis: float, z: float) -> tuple[bool, bool]:
    """Whether dh/dz = a z^2 + b z + c is usable at z, and whether it is above 0 everywhere.

    Usable: above 0 at z, and no dip of h further out in a tail that rises again behind it.
    """
    a = kurtosis / 8 - skewness**2 / 6
    b = skewness / 3
    c = 1 - kurtosis / 8 + 5 * skewness**2 / 36
    inside = b * b - 4 * a * c
    everywhere = c > 0.0 and (inside < 0.0 if a > 0.0 else a == 0.0 and b == 0.0)
    dips_beyond = a > 0.0 and inside >= 0.0 and z > -b / (2 * a)
    return a * z * z + b * z + c > 0.0 and not dips_beyond, everywhere


def _slope(
    unit: Floats, quantile: float, skewness: float, kurtosis: float, by_skewness: float, by_kurtosis: float
) -> Floats:
    """-(d mean + h d sigma + sigma (dh/ds ds + dh/dK dK)) for each scenario, by the chain rule."""
    skew_slope = 3 * (unit**2 - 1 - skewness * unit)
    kurt_slope = 4 * (unit**3 - skewness - (kurtosis + 3) * unit)
    return -(1 + quantile * unit + by_skewness * skew_slope + by_kurtosis * kurt_slope) / len(unit)
