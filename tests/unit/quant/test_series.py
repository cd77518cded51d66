"""Returns, volatility and drawdown of one series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    Drawdown,
    Missing,
    drawdowns,
    latest_volatility,
    log_returns,
    max_drawdown,
    rolling_volatility,
    simple_returns,
)
from quant.arrays import Floats

series = st.lists(st.floats(0.5, 500), min_size=30, max_size=120).map(np.array)


def found(result: Floats | float | Drawdown | Missing):
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
