"""Option prices and greeks against QuantLib, textbooks, identities and finite differences."""

import itertools

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st

from quant import Missing, OptionGreeks, black_scholes_merton, garman_kohlhagen, option_greeks
from quant.options import OptionRight

TODAY = ql.Date(7, 10, 2013)
DAYS = ql.Actual365Fixed()


def quantlib(
    right: str, spot: float, strike: float, days: int, rate: float, yield_: float, volatility: float
) -> ql.VanillaOption:
    """The option with QuantLib's analytic engine."""
    ql.Settings.instance().evaluationDate = TODAY

    def curve(flat: float) -> ql.YieldTermStructureHandle:
        return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, flat, DAYS))

    surface = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, DAYS))
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)), curve(yield_), curve(rate), surface
    )
    kind = ql.Option.Call if right == "call" else ql.Option.Put
    option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, strike), ql.EuropeanExercise(TODAY + days))
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    return option


GRID = list(
    itertools.product(
        ("call", "put"),
        (50.0, 80.0, 95.0, 100.0, 105.0, 125.0, 200.0),  # spot for a strike of 100
        (1, 30, 365, 3650),
        (-0.01, 0.0, 0.08),
        (0.0, 0.03),
        (0.05, 0.2, 0.8),
    )
)


def prices(result: np.ndarray | Missing) -> np.ndarray:
    assert not isinstance(result, Missing), result
    return result


def greeks(result: OptionGreeks | Missing) -> OptionGreeks:
    assert isinstance(result, OptionGreeks), result
    return result


def test_price_and_greeks_equal_quantlib_on_a_grid() -> None:
    """1,008 options, to 1e-9 of a strike of 100 (absolute)."""
    right, spot, days, rate, yield_, volatility = (np.array(column) for column in zip(*GRID, strict=True))
    found = greeks(option_greeks(right, spot, 100.0, days / 365, volatility, rate, yield_))
    for row, (kind, s, n, r, q, sigma) in enumerate(GRID):
        expected = quantlib(kind, s, 100.0, n, r, q, sigma)
        ours = [
            one[row] for one in (found.price, found.delta, found.gamma, found.vega, found.theta, found.rho)
        ]
        theirs = [
            expected.NPV(),
            expected.delta(),
            expected.gamma(),
            expected.vega() / 100,
            expected.theta() / 365,
            expected.rho() / 100,
        ]
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=str(GRID[row]))
        np.testing.assert_allclose(found.yield_rho[row], expected.dividendRho() / 100, rtol=1e-9, atol=1e-9)


def test_hull_example() -> None:
    """Hull, Options, Futures, and Other Derivatives, example 15.6: call 4.76, put 0.81."""
    found = prices(black_scholes_merton(["call", "put"], 42.0, 40.0, 0.5, 0.2, 0.1))
    np.testing.assert_allclose(found, [4.76, 0.81], atol=0.005)


def test_hull_currency_option() -> None:
    """Hull, ch. 17: four-month call, S = K = 1.6, r 8 %, foreign 11 %, sigma 14.1 %: 0.043."""
    found = prices(garman_kohlhagen("call", 1.6, 1.6, 4 / 12, 0.141, 0.08, 0.11))
    assert float(found) == pytest.approx(0.043, abs=0.00005)


def test_hull_greeks() -> None:
    """Hull, ch. 19: S 49, K 50, r 5 %, sigma 20 %, 20 weeks: delta .522, gamma .066, vega 12.1."""
    found = greeks(option_greeks("call", 49.0, 50.0, 0.3846, 0.2, 0.05))
    assert float(found.delta) == pytest.approx(0.522, abs=5e-4)
    assert float(found.gamma) == pytest.approx(0.066, abs=5e-4)
    assert float(found.vega) == pytest.approx(0.121, abs=5e-4)
    assert float(found.theta) == pytest.approx(-4.31 / 365, abs=5e-5)
    assert float(found.rho) == pytest.approx(0.0891, abs=5e-5)
    assert float(found.gamma_percent) == pytest.approx(0.066 * 0.49, abs=5e-4)


OPTIONS = st.tuples(
    st.floats(1, 1000),
    st.floats(1, 1000),
    st.floats(0, 10),
    st.floats(0, 2),
    st.floats(-0.05, 0.2),
    st.floats(-0.05, 0.2),
)


@given(OPTIONS)
def test_put_call_parity(option: tuple[float, ...]) -> None:
    spot, strike, years, _, rate, yield_ = option
    call, put = prices(black_scholes_merton(["call", "put"], *option))
    forward = spot * np.exp(-yield_ * years) - strike * np.exp(-rate * years)
    assert call - put == pytest.approx(forward, abs=1e-11 * (spot + strike))


@given(OPTIONS, st.sampled_from(["call", "put"]), st.floats(0.1, 10))
def test_bounds_scale_and_more_volatility_is_worth_more(
    option: tuple[float, ...], right: OptionRight, factor: float
) -> None:
    spot, strike, years, volatility, rate, yield_ = option
    price = float(prices(black_scholes_merton(right, *option)))
    held, owed = spot * np.exp(-yield_ * years), strike * np.exp(-rate * years)
    slack = 1e-11 * (held + owed)
    intrinsic = max(held - owed if right == "call" else owed - held, 0)
    assert intrinsic - slack <= price <= (held if right == "call" else owed) + slack
    scaled = black_scholes_merton(right, factor * spot, factor * strike, *option[2:])
    assert float(prices(scaled)) == pytest.approx(factor * price, abs=factor * slack)
    wilder = black_scholes_merton(right, spot, strike, years, volatility + 0.1, rate, yield_)
    assert float(prices(wilder)) >= price - slack


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize("spot", [80.0, 100.0, 130.0])
def test_greeks_are_the_slopes_of_the_price(right: OptionRight, spot: float) -> None:
    at = {"spot": spot, "years": 0.7, "volatility": 0.3, "interest_rate": 0.04, "dividend_yield": 0.01}

    def price(**moved: float) -> float:
        return float(prices(black_scholes_merton(right, strike=100.0, **(at | moved))))

    def slope(name: str, step: float) -> float:
        return (price(**{name: at[name] + step}) - price(**{name: at[name] - step})) / (2 * step)

    found = greeks(option_greeks(right, strike=100.0, **at))
    curve = (price(spot=spot + 0.01) - 2 * price() + price(spot=spot - 0.01)) / 1e-4
    assert float(found.delta) == pytest.approx(slope("spot", 0.01), abs=1e-7)
    assert float(found.gamma) == pytest.approx(curve, abs=1e-6)
    assert float(found.vega) == pytest.approx(slope("volatility", 1e-4) / 100, abs=1e-7)
    assert float(found.theta) == pytest.approx(-slope("years", 1e-4) / 365, abs=1e-7)
    assert float(found.rho) == pytest.approx(slope("interest_rate", 1e-4) / 100, abs=1e-7)
    assert float(found.yield_rho) == pytest.approx(slope("dividend_yield", 1e-4) / 100, abs=1e-7)


def test_at_expiry_it_is_the_intrinsic_value() -> None:
    found = greeks(option_greeks(["call", "put", "call"], [110.0, 80.0, 100.0], 100.0, 0.0, 0.3, 0.05))
    assert found.price.tolist() == [10, 20, 0]
    assert found.delta.tolist() == [1, -1, 0.5]
    assert (found.gamma.tolist(), found.vega.tolist(), found.theta.tolist()[:2]) == (
        [0, 0, 0],
        [0, 0, 0],
        [pytest.approx(-0.05 * 100 / 365), pytest.approx(0.05 * 100 / 365)],
    )


def test_without_volatility_it_is_the_discounted_intrinsic_value_of_the_forward() -> None:
    found = prices(black_scholes_merton(["call", "put"], [[90.0], [100.0]], 100.0, 2.0, 0.0, 0.1, 0.02))
    forward = np.array([90.0, 100.0]) * np.exp(-0.04) - 100 * np.exp(-0.2)
    np.testing.assert_allclose(found[:, 0], forward)
    assert found[:, 1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ((float("nan"), 100.0, 1.0, 0.2), "not_finite"),
        ((100.0, 100.0, float("inf"), 0.2), "not_finite"),
        ((0.0, 100.0, 1.0, 0.2), "not_positive_value"),
        ((100.0, -1.0, 1.0, 0.2), "not_positive_value"),
    ],
)
def test_bad_data_is_a_reason(inputs: tuple[float, ...], reason: str) -> None:
    for found in (black_scholes_merton("call", *inputs), option_greeks("call", *inputs)):
        assert isinstance(found, Missing)
        assert found.reason == reason


@pytest.mark.parametrize("inputs", [(100.0, 100.0, -0.1, 0.2), (100.0, 100.0, 1.0, -0.2)])
def test_negative_time_and_volatility_are_refused(inputs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="negative"):
        black_scholes_merton("call", *inputs)
    with pytest.raises(ValueError, match="call or put"):
        black_scholes_merton("straddle", 100.0, 100.0, 1.0, 0.2)  # type: ignore[arg-type]
