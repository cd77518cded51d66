"""Backtests against published tables and against one VaR at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quant import (
    Exceptions,
    Missing,
    RollingForecasts,
    TestStatistic,
    TrafficLight,
    Transitions,
    acerbi_szekely,
    binomial_tail,
    christoffersen,
    conditional_coverage,
    exceptions,
    expected_shortfall,
    historical_var,
    kupiec,
    rolling_forecasts,
    traffic_light,
    transitions,
)

CRITICAL_95 = 3.8414588


def statistic(found: TestStatistic | Missing) -> TestStatistic:
    assert isinstance(found, TestStatistic), found
    return found


def light(days: int, count: int, confidence_bp: int = 9900) -> TrafficLight:
    found = traffic_light(days, count, confidence_bp)
    assert isinstance(found, TrafficLight), found
    return found


def found_exceptions(pnl: list[float], var: list[float]) -> Exceptions:
    found = exceptions(np.array(pnl), np.array(var))
    assert isinstance(found, Exceptions), found
    return found


def test_an_exception_is_strict_and_missing_days_are_counted() -> None:
    found = found_exceptions([-10.0, -10.1, 5.0, math.nan, -99.0], [10.0, 10.0, 10.0, 10.0, math.nan])
    assert (found.days, found.count, found.missing) == (3, 1, 2)
    assert found.tested.tolist() == [True, True, True, False, False]
    nothing = exceptions(np.array([math.nan]), np.array([1.0]))
    assert isinstance(nothing, Missing)


def test_matlab_varbacktest_example() -> None:
    """MATLAB Risk Management Toolbox, varbacktest.cc: EquityIndex against Normal95."""
    coverage = statistic(kupiec(1043, 57, 9500))
    independence = statistic(christoffersen(Transitions(n00=932, n01=53, n10=53, n11=4)))
    assert (coverage.statistic, coverage.p_value) == (
        pytest.approx(0.46147, 1e-4),
        pytest.approx(0.49694, 1e-4),
    )
    assert independence.statistic == pytest.approx(0.25866, rel=1e-4)
    assert independence.p_value == pytest.approx(0.61104, rel=1e-4)
    hits = np.zeros(1043, dtype=np.bool_)
    hits[np.r_[[100, 101, 200, 201, 300, 301, 400, 401], np.arange(500, 990, 10)]] = True
    made = Exceptions(hits, np.ones(1043, dtype=np.bool_), 0)
    assert (made.count, transitions(hits)) == (57, Transitions(932, 53, 53, 4))
    both = statistic(conditional_coverage(made, 9500))
    assert (both.statistic, both.p_value) == (pytest.approx(0.72013, 1e-4), pytest.approx(0.69763, 1e-4))
    assert both.degrees_of_freedom == 2


@pytest.mark.parametrize(
    ("confidence_bp", "days", "lower", "upper"),
    # Jorion, Value at Risk, 3rd edition, ch. 6: N with lower < N < upper is not rejected at 95 %.
    [
        (9900, 510, 1, 11),
        (9900, 1000, 4, 17),
        (9750, 255, 2, 12),
        (9750, 510, 6, 21),
        (9750, 1000, 15, 36),
        (9500, 255, 6, 21),
        (9500, 510, 16, 36),
        (9500, 1000, 37, 65),
        (9250, 255, 11, 28),
        (9250, 510, 27, 51),
        (9250, 1000, 59, 92),
        (9000, 255, 16, 36),
        (9000, 510, 38, 65),
        (9000, 1000, 81, 120),
    ],
)
def test_jorion_non_rejection_regions(confidence_bp: int, days: int, lower: int, upper: int) -> None:
    kept = [x for x in range(days) if statistic(kupiec(days, x, confidence_bp)).statistic <= CRITICAL_95]
    assert (kept[0] - 1, kept[-1] + 1) == (lower, upper)


def test_jorion_prints_n_below_7_where_the_exact_ratio_also_rejects_zero() -> None:
    """Known disagreement: for T = 255, p = 1 % the table says N < 7; the ratio of N = 0 is 5.13 > 3.84."""
    kept = [x for x in range(20) if statistic(kupiec(255, x, 9900)).statistic <= CRITICAL_95]
    assert kept == [1, 2, 3, 4, 5, 6]
    assert statistic(kupiec(255, 0, 9900)).statistic == pytest.approx(5.13, abs=0.005)


def test_kupiec_at_the_ends() -> None:
    assert statistic(kupiec(250, 0, 9900)).statistic == pytest.approx(-500 * math.log(0.99))
    assert statistic(kupiec(5, 5, 9900)).statistic == pytest.approx(-10 * math.log(0.01))
    assert statistic(kupiec(100, 5, 9500)).statistic == pytest.approx(0.0, abs=1e-12)
    assert isinstance(kupiec(0, 0, 9900), Missing)
    with pytest.raises(ValueError, match="6 exceptions in 5 days"):
        kupiec(5, 6, 9900)


def test_independence_without_exceptions_or_days() -> None:
    assert statistic(christoffersen(transitions(np.zeros(10, dtype=np.bool_)))).statistic == 0.0
    assert isinstance(christoffersen(transitions(np.zeros(1, dtype=np.bool_))), Missing)


@pytest.mark.parametrize(
    ("count", "zone", "multiplier", "of_1996", "cumulative"),
    # Basel Committee (1996), table 2, and MAR32.9: 250 days at 99 %.
    [
        (0, "green", 1.50, 3.00, 0.0811),
        (4, "green", 1.50, 3.00, 0.8922),
        (5, "yellow", 1.70, 3.40, 0.9588),
        (6, "yellow", 1.76, 3.50, 0.9863),
        (7, "yellow", 1.83, 3.65, 0.9960),
        (8, "yellow", 1.88, 3.75, 0.9989),
        (9, "yellow", 1.92, 3.85, 0.9997),
        (10, "red", 2.00, 4.00, 0.9999),
        (30, "red", 2.00, 4.00, 1.0),
    ],
)
def test_basel_table(count: int, zone: str, multiplier: float, of_1996: float, cumulative: float) -> None:
    found = light(250, count)
    assert (found.zone, found.multiplier, found.multiplier_1996) == (zone, multiplier, of_1996)
    assert found.cumulative == pytest.approx(cumulative, abs=6e-5)
    assert (found.yellow_from, found.red_from) == (5, 10)


def test_other_samples_get_zones_by_the_rule_and_no_multiplier() -> None:
    found = light(500, 20, 9750)
    assert (found.multiplier, found.multiplier_1996) == (None, None)
    assert stats.binom.cdf([found.yellow_from - 1, found.yellow_from], 500, 0.025).tolist() == pytest.approx(
        [0.95, 0.95], abs=0.05
    )
    assert stats.binom.cdf(found.yellow_from - 1, 500, 0.025) < 0.95 <= found_cdf(500, found.yellow_from)
    assert found_cdf(500, found.red_from - 1) < 0.9999 <= found_cdf(500, found.red_from)


def found_cdf(days: int, count: int) -> float:
    return float(stats.binom.cdf(count, days, 0.025))


def test_binomial_tail_is_exact() -> None:
    assert binomial_tail(30, 0, 9900) == 1.0
    assert binomial_tail(30, 2, 9900) == pytest.approx(stats.binom.sf(1, 30, 0.01))
    assert isinstance(binomial_tail(0, 0, 9900), Missing)


def test_z2_is_0_when_losses_are_as_expected_and_below_when_es_is_too_low() -> None:
    pnl = np.array(
        [-12.0] * 5 + [1.0] * 95
    )  # exceptions with the mean loss of the forecast, as many as promised
    var, es = np.full(100, 10.0), np.full(100, 12.0)
    assert acerbi_szekely(pnl, var, es, 9500) == pytest.approx(0.0)
    assert acerbi_szekely(2 * pnl, var, es, 9500) == pytest.approx(-1.0)
    assert acerbi_szekely(np.ones(100), var, es, 9500) == 1.0
    assert isinstance(acerbi_szekely(pnl, var, np.zeros(100), 9500), Missing)


@given(st.integers(0, 2**32 - 1), st.sampled_from([9500, 9750, 9900, 9733]), st.integers(1, 60))
def test_rolling_forecasts_are_one_var_and_es_per_day(seed: int, confidence_bp: int, days: int) -> None:
    pnl = np.random.default_rng(seed).normal(0, 1, 190)
    found = rolling_forecasts(pnl, 130, days, confidence_bp)
    assert isinstance(found, RollingForecasts)
    assert len(found.var) == days
    for row in {0, days // 2, days - 1}:
        end = 190 - days + row
        past = pnl[end - 130 : end]
        dates = np.arange(130).astype("datetime64[D]")
        one, tail = historical_var(past, dates, confidence_bp), expected_shortfall(past, confidence_bp)
        assert not isinstance(one, Missing)
        assert not isinstance(tail, Missing)
        assert found.pnl[row] == pnl[end]
        assert found.var[row] == one.value
        assert found.expected_shortfall[row] == pytest.approx(tail.value)


def test_rolling_forecasts_say_what_is_missing() -> None:
    for window, length in ((50, 400), (400, 400)):
        found = rolling_forecasts(np.zeros(length), window, 250, 9900)
        assert isinstance(found, Missing)
        assert found.reason == "too_few_scenarios"
    short = rolling_forecasts(np.zeros(405), 400, 250, 9900)
    assert isinstance(short, RollingForecasts)
    assert len(short.pnl) == 5
