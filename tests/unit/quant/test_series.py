"""Returns, volatility and drawdown of one series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    Drawdown,
    DrawdownEpisode,
    Missing,
    currency_drawdown,
    drawdown_episodes,
    drawdowns,
    ewma_variance,
    ewma_volatility,
    latest_volatility,
    log_returns,
    max_drawdown,
    rolling_volatility,
    simple_returns,
)
from quant.arrays import Floats
from quant.volatility import latest_ewma_variance

series = st.lists(st.floats(0.5, 500), min_size=30, max_size=120).map(np.array)


def found(result: object):
    assert not isinstance(result, Missing), result
    return result


def test_returns_of_vector_and_matrix() -> None:
    prices = np.array([[100.0, 50.0], [110.0, 25.0]])
    np.testing.assert_allclose(found(simple_returns(prices)), [[0.1, -0.5]])
    np.testing.assert_allclose(found(log_returns(prices)), [[np.log(1.1), np.log(0.5)]])
    assert len(found(simple_returns(np.array([5.0])))) == 0


@pytest.mark.parametrize(
    ("bad", "reason"), [(np.nan, "not_finite"), (0.0, "not_positive_value"), (-1.0, "not_positive_value")]
)
def test_bad_value_is_a_reason(bad: float, reason: str) -> None:
    prices = np.full(40, 10.0)
    prices[-3] = bad
    for result in (
        simple_returns(prices),
        log_returns(prices),
        rolling_volatility(prices),
        latest_volatility(prices),
        drawdowns(prices),
        max_drawdown(prices),
    ):
        assert isinstance(result, Missing)
        assert result.reason == reason


@given(series)
def test_volatility_equals_numpy_and_a_rolling_window(values: np.ndarray) -> None:
    rolling = found(rolling_volatility(values))
    assert np.isnan(rolling[:20]).all()
    steps = np.diff(np.log(values))
    for row in (20, len(values) - 1):
        assert rolling[row] == pytest.approx(
            np.std(steps[row - 20 : row], ddof=1) * np.sqrt(252), rel=1e-9, abs=1e-12
        )
    assert found(latest_volatility(values)) == pytest.approx(rolling[-1], rel=1e-12, abs=1e-14)


@given(series, st.floats(0.1, 50))
def test_volatility_does_not_depend_on_the_unit(values: np.ndarray, factor: float) -> None:
    assert found(latest_volatility(values * factor)) == pytest.approx(
        found(latest_volatility(values)), rel=1e-9, abs=1e-9
    )


def test_volatility_edges() -> None:
    assert found(latest_volatility(np.full(21, 7.0))) == 0.0
    short = latest_volatility(np.full(20, 7.0))
    assert isinstance(short, Missing)
    assert short.reason == "too_few_scenarios"
    # A gap before the window is no concern of the newest number.
    assert found(latest_volatility(np.array([np.nan, *[7.0] * 21]))) == 0.0
    with pytest.raises(ValueError, match="at least 2"):
        rolling_volatility(np.ones(30), window=1)


def test_drawdown_episode() -> None:
    values = np.array([10.0, 12.0, 9.0, 11.0, 6.0, 12.0, 11.0])
    assert found(max_drawdown(values)) == Drawdown(0.5, peak=1, trough=4, recovery=5)


def test_drawdown_edges() -> None:
    assert found(max_drawdown(np.array([1.0, 2.0, 3.0]))) == Drawdown(0.0, None, None, None)
    assert found(max_drawdown(np.array([4.0, 3.0]))) == Drawdown(0.25, 0, 1, None)
    assert found(max_drawdown(np.array([10.0, 5.0, 10.0, 5.0]))) == Drawdown(0.5, 0, 1, 2)  # the earliest
    assert found(max_drawdown(np.array([10.0, 9.0, 10.0, 5.0]))).peak == 2  # the last time the high was seen
    empty = max_drawdown(np.array([]))
    assert isinstance(empty, Missing)
    assert empty.reason == "too_few_scenarios"


@given(series)
def test_drawdown_is_the_largest_fall_over_all_pairs(values: np.ndarray) -> None:
    worst = max(1 - values[j] / values[i] for i in range(len(values)) for j in range(i, len(values)))
    assert found(max_drawdown(values)).value == pytest.approx(worst, abs=1e-12)


def test_volatility_variants_by_hand() -> None:
    values = np.array([100.0, 110.0, 99.0, 108.9])
    simple, log = np.array([0.1, -0.1, 0.1]), np.log([1.1, 0.9, 1.1])
    year = 252**0.5
    assert found(latest_volatility(values, 3, returns="simple")) == pytest.approx(simple.std(ddof=1) * year)
    zero_mean = found(latest_volatility(values, 3, returns="simple", mean="zero"))
    assert zero_mean == pytest.approx(0.1 * year)
    assert found(latest_volatility(values, 3, mean="zero")) == pytest.approx((log**2).mean() ** 0.5 * year)


def test_ewma_starts_with_the_sample_variance_and_then_decays() -> None:
    returns = np.array([0.01, -0.01, 0.02, 0.03])
    seed = np.var([0.01, -0.01], ddof=1)
    after = 0.9 * seed + 0.1 * 0.02**2
    variance = found(ewma_variance(returns, 0.9, 2))
    np.testing.assert_allclose(variance, [seed, after, 0.9 * after + 0.1 * 0.03**2])
    assert found(ewma_variance(np.zeros(30))).tolist() == [0.0] * 11


@given(st.floats(0.01, 10), st.lists(st.floats(-0.1, 0.1), min_size=20, max_size=60).map(np.array))
def test_ewma_volatility_scales_with_the_returns(size: float, returns: Floats) -> None:
    small, large = found(ewma_variance(returns)), found(ewma_variance(size * returns))
    np.testing.assert_allclose(large, size**2 * small, rtol=1e-9, atol=1e-18)


@given(st.floats(0.5, 0.99), st.lists(st.floats(-0.1, 0.1), min_size=20, max_size=900).map(np.array))
def test_newest_ewma_variance_is_the_end_of_the_path(decay: float, returns: Floats) -> None:
    path, newest = found(ewma_variance(returns, decay)), found(latest_ewma_variance(returns, decay))
    assert newest == pytest.approx(path[-1], rel=1e-12, abs=1e-300)


def test_no_ewma_has_a_reason() -> None:
    short, bad = ewma_variance(np.zeros(19)), ewma_variance(np.full(20, np.nan))
    negative = ewma_volatility(np.linspace(-1, 1, 30))
    reasons = [one.reason for one in (short, bad, negative) if isinstance(one, Missing)]
    assert reasons == ["too_few_scenarios", "not_finite", "not_positive_value"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        ewma_variance(np.zeros(30), decay=1.0)


def test_drawdown_episodes_by_hand() -> None:
    values = np.array([100.0, 90.0, 80.0, 100.0, 110.0, 99.0, 104.5])
    assert found(drawdown_episodes(values)) == (
        DrawdownEpisode(start=1, trough=2, end=3, length=3, depth=pytest.approx(0.2)),
        DrawdownEpisode(start=5, trough=5, end=None, length=2, depth=pytest.approx(0.1)),
    )
    assert found(drawdown_episodes(np.array([1.0, 1.0, 2.0]))) == ()
    assert isinstance(drawdown_episodes(np.array([])), Missing)


@given(series)
def test_the_deepest_episode_is_the_maximum_drawdown(values: Floats) -> None:
    episodes, worst = found(drawdown_episodes(values)), found(max_drawdown(values))
    assert max((one.depth for one in episodes), default=0.0) == worst.value
    under_water = sum(one.length - (one.end is not None) for one in episodes)
    assert under_water == np.count_nonzero(found(drawdowns(values)))


def test_drawdown_in_currency() -> None:
    fall = found(currency_drawdown(np.array([10.0, -30.0, 5.0, 40.0])))
    assert fall == Drawdown(value=30.0, peak=1, trough=2, recovery=4)
    assert found(currency_drawdown(np.array([-3.0]))) == Drawdown(3.0, 0, 1, None)
    assert found(currency_drawdown(np.array([3.0]))) == Drawdown(0.0, None, None, None)
    assert isinstance(currency_drawdown(np.array([])), Missing)
