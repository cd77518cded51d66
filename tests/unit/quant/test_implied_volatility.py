"""Implied volatility: what went in comes back, and prices that no volatility explains have a reason."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quant import Missing, black_scholes_merton, implied_volatilities, implied_volatility
from quant.options import OptionRight


def price_of(right: OptionRight, *inputs: float) -> float:
    found = black_scholes_merton(right, *inputs)
    assert not isinstance(found, Missing)
    return float(found)


def test_hull_example() -> None:
    """Hull, ch. 15: a call of 1.875, S 21, K 20, r 10 %, three months implies 23.5 %."""
    found = implied_volatility("call", 1.875, 21.0, 20.0, 0.25, 0.1)
    assert found == pytest.approx(0.235, abs=5e-4)


@given(
    st.sampled_from(["call", "put"]),
    st.floats(0.2, 5),
    st.floats(1 / 365, 10),
    st.floats(0.01, 3),
    st.floats(-0.05, 0.2),
    st.floats(-0.05, 0.2),
)
def test_price_of_the_found_volatility_is_the_price(
    right: OptionRight, spot: float, years: float, volatility: float, rate: float, yield_: float
) -> None:
    price = price_of(right, spot, 1.0, years, volatility, rate, yield_)
    found = implied_volatility(right, price, spot, 1.0, years, rate, yield_)
    if isinstance(found, Missing):  # rounding left nothing between the price and its bounds
        held, owed = spot * np.exp(-yield_ * years), np.exp(-rate * years)
        intrinsic = max(held - owed if right == "call" else owed - held, 0)
        bound = held if right == "call" else owed
        assert min(abs(price - intrinsic), abs(price - bound)) < 1e-14 * (held + owed)
        return
    assert price_of(right, spot, 1.0, years, found, rate, yield_) == pytest.approx(price, rel=1e-9, abs=1e-14)


@given(st.floats(0.5, 2), st.floats(0.1, 3), st.floats(0.05, 1.5))
def test_where_the_price_says_something_the_volatility_comes_back(
    spot: float, years: float, volatility: float
) -> None:
    price = price_of("call", spot, 1.0, years, volatility)
    assume(price - max(spot - 1, 0) > 1e-6)
    assert implied_volatility("call", price, spot, 1.0, years) == pytest.approx(volatility, rel=1e-6)


def test_tiny_prices_far_out_of_the_money() -> None:
    price = price_of("put", 100.0, 20.0, 0.5, 0.2)
    assert 0 < price < 1e-20
    assert implied_volatility("put", price, 100.0, 20.0, 0.5) == pytest.approx(0.2, rel=1e-9)


def test_a_column_of_options_is_solved_at_once() -> None:
    strikes, volatilities = np.linspace(60, 160, 11), np.linspace(0.1, 0.6, 11)
    prices = black_scholes_merton("put", 100.0, strikes, 1.0, volatilities, 0.03, 0.01)
    assert not isinstance(prices, Missing)
    found = implied_volatilities("put", prices, 100.0, strikes, 1.0, 0.03, 0.01)
    np.testing.assert_allclose(np.array(found, dtype=float), volatilities, rtol=1e-10)


def test_a_price_outside_its_bounds_has_a_reason_and_its_neighbours_a_value() -> None:
    below, low, fair, high = implied_volatilities("call", [9.99, 10.0, 15.0, 110.0], 110.0, 100.0, 1.0)
    assert isinstance(below, Missing)
    assert isinstance(high, Missing)
    assert (below.reason, high.reason) == ("no_volatility", "no_volatility")
    assert low == 0.0
    assert isinstance(fair, float)


def test_without_time_nothing_is_implied() -> None:
    found = implied_volatility("call", 10.0, 110.0, 100.0, 0.0)
    assert isinstance(found, Missing)
    assert found.reason == "no_volatility"
    with pytest.raises(ValueError, match="negative"):
        implied_volatility("call", 10.0, 110.0, 100.0, -1.0)


def test_bad_data_is_a_reason() -> None:
    for price, spot, reason in ((float("nan"), 1.0, "not_finite"), (1.0, 0.0, "not_positive_value")):
        found = implied_volatility("call", price, spot, 1.0, 1.0)
        assert isinstance(found, Missing)
        assert found.reason == reason
