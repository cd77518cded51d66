from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quant import (
    ExpectedShortfall,
    HistoricalVar,
    Missing,
    expected_shortfall,
    historical_var,
    minimum_scenarios,
    tail_rank,
    to_basis_points,
)
from quant.tails import worst_first

LEVELS = st.sampled_from([9000, 9500, 9750, 9900])
# Arrays repeat values often, so ties are common.
pnls = arrays(np.float64, st.integers(100, 700), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


def days(count: int) -> np.ndarray:
    return np.datetime64("2012-01-02") + np.arange(count)


def var(pnl: np.ndarray, level: int) -> HistoricalVar:
    found = historical_var(pnl, days(len(pnl)), level)
    assert isinstance(found, HistoricalVar), found
    return found


def shortfall(pnl: np.ndarray, level: int) -> float:
    found = expected_shortfall(pnl, level)
    assert isinstance(found, ExpectedShortfall), found
    return found.value


@pytest.mark.parametrize(
    ("scenarios", "level", "rank"),
    [
        (500, 9500, 25),
        (500, 9900, 5),
        (500, 9750, 13),
        (1000, 9900, 10),
        (100, 9500, 5),
        (501, 9500, 26),
        (20, 9500, 1),
    ],
)
def test_rank_is_exact(scenarios: int, level: int, rank: int) -> None:
    assert tail_rank(scenarios, level) == rank


def test_floating_point_rank_trap() -> None:
    assert ceil((1 - 0.95) * 500) == 26
    assert tail_rank(500, 9500) == 25


@given(pnls, LEVELS)
def test_var_is_the_kth_worst(pnl: np.ndarray, level: int) -> None:
    found = var(pnl, level)
    assert found.value == -np.partition(pnl, found.rank - 1)[found.rank - 1]
    assert found.value == -pnl[found.scenario]
    assert found.scenario_date == days(len(pnl))[found.scenario]


@given(pnls, LEVELS, st.sampled_from([0.25, 0.5, 2.0, 1024.0]))
def test_var_and_shortfall_are_positively_homogeneous(pnl: np.ndarray, level: int, factor: float) -> None:
    assert var(factor * pnl, level).value == factor * var(pnl, level).value
    assert shortfall(factor * pnl, level) == pytest.approx(factor * shortfall(pnl, level), rel=1e-12)


@given(pnls, LEVELS)
def test_shortfall_is_not_milder_than_var(pnl: np.ndarray, level: int) -> None:
    assert shortfall(pnl, level) >= var(pnl, level).value - 1e-9 * np.abs(pnl).max()


@given(pnls, st.integers(0, 2**32 - 1))
def test_shortfall_is_subadditive(pnl: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).normal(0, 1000, len(pnl))
    together = shortfall(pnl + other, 9500)
    assert together <= shortfall(pnl, 9500) + shortfall(other, 9500) + 1e-6


@given(pnls)
def test_shortfall_rises_with_confidence(pnl: np.ndarray) -> None:
    levels = [shortfall(pnl, level) for level in (9000, 9500, 9750, 9900)]
    assert all(low <= high + 1e-9 * np.abs(pnl).max() for low, high in pairwise(levels))


@given(pnls, st.randoms())
def test_order_of_scenarios_does_not_matter(pnl: np.ndarray, random) -> None:
    rows = list(range(len(pnl)))
    random.shuffle(rows)
    shuffled = historical_var(pnl[rows], days(len(pnl))[rows], 9500)
    assert isinstance(shuffled, HistoricalVar)
    assert (shuffled.value, shuffled.scenario_date) == (var(pnl, 9500).value, var(pnl, 9500).scenario_date)


def test_ties_name_the_earliest_date() -> None:
    pnl = np.array([-5.0] * 3 + [1.0] * 97)
    later_first = historical_var(pnl[::-1], days(100)[::-1], 9900)
    assert isinstance(later_first, HistoricalVar)
    assert later_first.scenario_date == np.datetime64("2012-01-02")
    assert later_first.value == 5.0


def test_flat_book_is_zero_and_not_minus_zero() -> None:
    assert str(var(np.zeros(500), 9500).value) == "0.0"
    assert str(shortfall(np.zeros(500), 9500)) == "0.0"


def test_certain_gain_is_negative() -> None:
    assert var(np.full(500, 3.0), 9500).value == -3.0


@pytest.mark.parametrize(("level", "least"), [(9500, 20), (9750, 40), (9900, 100)])
def test_too_few_scenarios(level: int, least: int) -> None:
    assert minimum_scenarios(level) == least
    for found in (
        historical_var(np.zeros(least - 1), days(least - 1), level),
        expected_shortfall(np.zeros(least - 1), level),
    ):
        assert isinstance(found, Missing)
        assert found.reason == "too_few_scenarios"
    assert isinstance(historical_var(np.zeros(least), days(least), level), HistoricalVar)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_rejected_with_its_place(bad: float) -> None:
    pnl = np.zeros(500)
    pnl[17] = bad
    for found in (historical_var(pnl, days(500), 9500), expected_shortfall(pnl, 9500)):
        assert isinstance(found, Missing)
        assert found.reason == "not_finite"
        assert "(17,)" in found.message


@pytest.mark.parametrize("confidence", [0.05, 95, 1, 0.49, "0.95005", -0.95])
def test_ambiguous_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.95"):
        to_basis_points(confidence)


def test_confidence_in_basis_points() -> None:
    assert [to_basis_points(c) for c in (0.95, "0.975", 0.99)] == [9500, 9750, 9900]


@given(pnls)
def test_never_milder_than_linear_interpolation(pnl: np.ndarray) -> None:
    assume(np.ptp(pnl) > 1e-6)
    for level, tail in ((9500, 0.05), (9750, 0.025), (9900, 0.01)):
        assert var(pnl, level).value >= -np.quantile(pnl, tail) - 1e-9 * np.abs(pnl).max()


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 400)), min_size=1, max_size=60), st.booleans())
def test_equal_losses_go_by_date_whatever_order_they_come_in(
    scenarios: list[tuple[int, int]], in_order: bool
) -> None:
    if in_order:
        scenarios = sorted(scenarios, key=lambda one: one[1])
    pnl = np.array([value for value, _ in scenarios], dtype=np.float64)
    dates = np.array([day for _, day in scenarios], dtype="datetime64[D]")
    rows = worst_first(pnl, dates)
    assert [(pnl[row], dates[row]) for row in rows] == sorted(zip(pnl, dates, strict=True))
