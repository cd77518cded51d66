"""Estimators of VaR and expected shortfall beside numpy, scipy and published examples."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom
from scipy.stats.mstats import hdquantiles

from quant import (
    ESTIMATORS,
    SHORTFALL_RULES,
    Estimator,
    ExpectedShortfall,
    HistoricalVar,
    Missing,
    ShortfallRule,
    VarInterval,
    WeightedVar,
    age_weights,
    expected_shortfall,
    historical_var,
    interval_ranks,
    quantile_weights,
    shortfall_tail,
    var_interval,
    weighted_var,
)

NUMPY_METHODS = {
    "hyndman_fan_1": "inverted_cdf",
    "hyndman_fan_2": "averaged_inverted_cdf",
    "hyndman_fan_3": "closest_observation",
    "hyndman_fan_4": "interpolated_inverted_cdf",
    "hyndman_fan_5": "hazen",
    "hyndman_fan_6": "weibull",
    "hyndman_fan_7": "linear",
    "hyndman_fan_8": "median_unbiased",
    "hyndman_fan_9": "normal_unbiased",
}
LEVELS = st.sampled_from([9000, 9500, 9730, 9750, 9900])
estimators = st.sampled_from(ESTIMATORS)
pnls = arrays(np.float64, st.integers(100, 400), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


def days(count: int) -> np.ndarray:
    return np.datetime64("2012-01-02") + np.arange(count)


def var(pnl: np.ndarray, level: int, estimator: Estimator = "kth_worst") -> float:
    found = historical_var(pnl, days(len(pnl)), level, estimator)
    assert isinstance(found, HistoricalVar), found
    return found.value


def shortfall(pnl: np.ndarray, level: int, rule: ShortfallRule = "acerbi_tasche") -> float:
    found = expected_shortfall(pnl, level, rule)
    assert isinstance(found, ExpectedShortfall), found
    return found.value


def weighted(pnl: np.ndarray, weights: np.ndarray, level: int, **options: bool) -> WeightedVar:
    found = weighted_var(pnl, days(len(pnl)), weights, level, **options)
    assert isinstance(found, WeightedVar), found
    return found


def lognormal(count: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(4, count) * 1000


@pytest.mark.parametrize(("estimator", "method"), NUMPY_METHODS.items())
@pytest.mark.parametrize("count", [100, 250, 490, 500, 777, 1200])
@pytest.mark.parametrize("level", [9000, 9500, 9730, 9750, 9900])
def test_hyndman_fan_types_equal_numpy(estimator: Estimator, method: str, count: int, level: int) -> None:
    pnl = lognormal(count)
    tail = Fraction(10_000 - level, 10_000)
    theirs = -np.quantile(pnl, float(tail), method=method)
    if estimator[-1] in "123" and (2 * count * tail).denominator == 1:
        # numpy ranks by floats: where N p is a whole or a half number it may fall on either side.
        neighbours = np.sort(pnl)[int(count * tail) - 1 : int(count * tail) + 2]
        assert -neighbours[-1] <= var(pnl, level, estimator) <= -neighbours[0]
    else:
        assert var(pnl, level, estimator) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize(
    ("estimator", "rank"),
    [
        ("kth_worst", 5),
        ("hyndman_fan_1", 5),
        ("hyndman_fan_2", 5.5),
        ("hyndman_fan_3", 5),  # position 4.5 is nearer to 5
        ("hyndman_fan_5", 5.5),
        ("hyndman_fan_6", 5.01),
        ("hyndman_fan_7", 5.99),
        ("ore", 6),
        ("rank_window", 5),
    ],
)
def test_ranks_of_500_at_99_percent(estimator: Estimator, rank: float) -> None:
    assert quantile_weights(500, 9900, estimator).mean_rank == pytest.approx(rank, abs=1e-12)


def test_frm_handbook_example() -> None:
    # Jorion, Financial Risk Manager Handbook: at 99 % of 1,200 scenarios the VaR is the 12th worst.
    assert var(-np.arange(1.0, 1201.0), 9900) == 1189.0


def test_hull_four_indices_example() -> None:
    # Hull, Risk Management and Financial Institutions, ch. 13, four stock indices, 500 scenarios, losses
    # in USD thousand: 99 % VaR is the fifth worst, 253.385, ES the mean of the four worse. The mean of all
    # five, 327.181, is the rule of Acerbi and Tasche.
    worst = [477.841, 345.435, 282.204, 277.041, 253.385, 217.974, 202.256]
    pnl = np.concatenate((-np.array(worst), np.linspace(-200.0, 300.0, 493)))
    assert var(pnl, 9900) == 253.385
    assert shortfall(pnl, 9900, "beyond_var") == pytest.approx(345.630, abs=0.001)
    assert shortfall(pnl, 9900) == pytest.approx(327.181, abs=0.001)


@pytest.mark.parametrize("count", [100, 250, 500])
@pytest.mark.parametrize("level", [9500, 9730, 9900])
def test_harrell_davis_equals_scipy(count: int, level: int) -> None:
    pnl = lognormal(count)
    theirs = -float(hdquantiles(pnl, [(10_000 - level) / 10_000])[0])
    assert var(pnl, level, "harrell_davis") == pytest.approx(theirs, rel=1e-9)


@given(pnls, LEVELS, estimators, st.sampled_from([0.5, 2.0, 1024.0]))
def test_every_estimator_is_homogeneous(
    pnl: np.ndarray, level: int, estimator: Estimator, factor: float
) -> None:
    assert var(factor * pnl, level, estimator) == factor * var(pnl, level, estimator)


@given(pnls, LEVELS, estimators, st.integers(-1000, 1000))
def test_a_sure_gain_lowers_every_estimate_by_itself(
    pnl: np.ndarray, level: int, estimator: Estimator, gain: int
) -> None:
    moved = var(pnl + gain, level, estimator)
    assert moved == pytest.approx(var(pnl, level, estimator) - gain, abs=1e-8 * (1 + np.abs(pnl).max()))


@given(pnls, estimators)
def test_every_estimate_rises_with_confidence(pnl: np.ndarray, estimator: Estimator) -> None:
    found = [var(pnl, level, estimator) for level in (9000, 9300, 9500, 9730, 9900)]
    if estimator != "rank_window":  # its window narrows at the edge of the sample
        assert all(a <= b + 1e-9 * np.abs(pnl).max() for a, b in pairwise(found))


@given(pnls, LEVELS, estimators)
def test_weights_sum_to_one_inside_the_sample(pnl: np.ndarray, level: int, estimator: Estimator) -> None:
    found = quantile_weights(len(pnl), level, estimator)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert 1 <= found.ranks.min() <= found.ranks.max() <= len(pnl)


@given(pnls, LEVELS)
def test_rules_of_shortfall_keep_their_order(pnl: np.ndarray, level: int) -> None:
    slack = 1e-9 * (1 + np.abs(pnl).max())
    assert shortfall(pnl, level) >= shortfall(pnl, level, "mean_of_worst") - slack
    assert shortfall(pnl, level, "mean_of_worst") >= var(pnl, level) - slack
    strict = expected_shortfall(pnl, level, "beyond_var")
    if isinstance(strict, ExpectedShortfall):
        assert strict.value > var(pnl, level) - slack


@given(pnls, LEVELS, st.sampled_from(SHORTFALL_RULES))
def test_tail_of_shortfall_gives_the_same_number(pnl: np.ndarray, level: int, rule: ShortfallRule) -> None:
    tail = shortfall_tail(pnl, days(len(pnl)), level, rule)
    found = expected_shortfall(pnl, level, rule)
    if isinstance(tail, Missing):
        assert found == tail
    else:
        assert isinstance(found, ExpectedShortfall)
        assert tail.loss(pnl) == pytest.approx(found.value, abs=1e-9 * (1 + np.abs(pnl).max()))
        assert tail.weights.sum() == pytest.approx(1.0)


def test_fractional_weight_of_mar33() -> None:
    # Basel MAR33.3: 97.5 % of 250 scenarios is a tail of 6.25 scenarios.
    found = expected_shortfall(-np.arange(1.0, 251.0), 9750)
    assert isinstance(found, ExpectedShortfall)
    assert found.tail_scenarios == 6.25
    assert found.value == pytest.approx((250 + 249 + 248 + 247 + 246 + 245 + 0.25 * 244) / 6.25)


def test_strict_rule_without_anything_beyond_is_missing() -> None:
    flat = expected_shortfall(np.full(100, -1.0), 9900, "beyond_var")
    assert isinstance(flat, Missing)
    assert flat.reason == "too_few_scenarios"


@pytest.mark.parametrize(("count", "level"), [(250, 9900), (500, 9500), (500, 9900), (1000, 9750)])
def test_interval_covers_as_the_binomial_says(count: int, level: int) -> None:
    first, last, coverage = interval_ranks(count, level)
    tail = (10_000 - level) / 10_000
    below = 0.0 if first is None else binom.cdf(first - 1, count, tail)
    above = 1.0 if last is None else binom.cdf(last - 1, count, tail)
    assert coverage == pytest.approx(above - below, rel=1e-12)
    assert coverage >= 0.95
    if first is not None:  # one rank closer would not keep the side
        assert binom.cdf(first, count, tail) > 0.025


def test_side_out_of_range_is_null() -> None:
    # P(no exceedance in 100) is 37 %: the largest loss does not bound the 99 % VaR.
    found = var_interval(lognormal(100), 9900)
    assert isinstance(found, VarInterval)
    assert found.upper is None
    assert found.lower is not None
    assert found.coverage >= 0.95


@given(pnls, LEVELS)
def test_interval_holds_the_estimate(pnl: np.ndarray, level: int) -> None:
    found = var_interval(pnl, level)
    assert isinstance(found, VarInterval)
    value = var(pnl, level)
    assert found.lower is None or found.lower <= value
    assert found.upper is None or value <= found.upper


def test_flat_book_is_zero_everywhere() -> None:
    flat = np.zeros(500)
    assert {str(var(flat, 9900, estimator)) for estimator in ESTIMATORS} == {"0.0"}
    assert var_interval(flat, 9900) == VarInterval(0.0, 0.0, 11, 1, pytest.approx(0.98, abs=0.01))
    assert str(weighted(flat, age_weights(500), 9900).value) == "0.0"


# Allen, Boudoukh and Saunders (2004), ch. 2, hybrid approach, decay 0.98, 100 days: the six lowest returns
# in percent with their age; the 5 % VaR is 2.63 % by interpolation, 2.35 % with equal weights.
HYBRID = {3: -3.30, 2: -2.90, 65: -2.70, 45: -2.50, 5: -2.40, 30: -2.30}


def hybrid_returns() -> np.ndarray:
    by_age = [HYBRID.get(age, 1.0 + age / 1000) for age in range(1, 101)]
    return np.array(by_age[::-1])


def test_hybrid_weights_are_the_published_ones() -> None:
    weights = age_weights(100, 0.98)[::-1]
    assert [round(weights[age - 1], 4) for age in HYBRID] == [0.0221, 0.0226, 0.0063, 0.0095, 0.0213, 0.0128]


def test_hybrid_var_is_the_published_one() -> None:
    returns, weights = hybrid_returns(), age_weights(100, 0.98)
    assert weighted(returns, weights, 9500, interpolate=True).value == pytest.approx(2.63, abs=0.005)
    assert weighted(returns, np.full(100, 0.01), 9500, interpolate=True).value == pytest.approx(2.35)
    plain = weighted(returns, weights, 9500)
    assert (plain.value, plain.rank) == (2.70, 3)
    assert plain.reached == pytest.approx(0.0511, abs=5e-5)


@given(pnls, LEVELS)
def test_equal_weights_are_plain_var_and_shortfall(pnl: np.ndarray, level: int) -> None:
    found = weighted(pnl, age_weights(len(pnl), 1.0), level)
    assert found.value == var(pnl, level)
    assert found.shortfall.loss(pnl) == pytest.approx(shortfall(pnl, level), abs=1e-6)
    assert found.effective_scenarios == pytest.approx(len(pnl))


def test_one_heavy_scenario_is_the_var_and_says_so() -> None:
    pnl = np.append(np.linspace(1, 2, 199), -7.0)
    found = weighted(pnl, age_weights(200, 0.97), 9900)
    assert found.value == 7.0
    assert found.dominated
    assert found.shortfall.loss(pnl) == pytest.approx(7.0)


def test_weights_must_be_a_distribution() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        weighted_var(np.zeros(100), days(100), np.full(100, 0.02), 9500)
    with pytest.raises(ValueError, match="decay"):
        age_weights(10, 1.5)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="kth_worst"):
        quantile_weights(100, 9500, "median")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="acerbi_tasche"):
        expected_shortfall(np.zeros(100), 9500, "mean")  # type: ignore[arg-type]
