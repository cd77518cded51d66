"""Options inside VaR: full revaluation against QuantLib, limits towards linear positions, small moves."""

import math

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    BookScenarios,
    DatedSeries,
    HeldOption,
    HistoricalVar,
    Holding,
    Missing,
    OptionContract,
    OptionGreeks,
    book_scenarios,
    factor_matrix,
    historical_var,
    option_greeks,
)

DAYS = np.arange(np.datetime64("2012-01-02"), np.datetime64("2012-10-01"))
DAYS = DAYS[np.is_busday(DAYS)]
CHANCE = np.random.default_rng(11)
STOCK = 100 * np.exp(CHANCE.normal(0, 0.02, len(DAYS)).cumsum())
EURUSD = 1.3 * np.exp(CHANCE.normal(0, 0.006, len(DAYS)).cumsum())
FACTORS = factor_matrix(
    {"STK": DatedSeries(DAYS, STOCK, "USD")}, {"EURUSD": DatedSeries(DAYS, EURUSD)}, "EUR", DAYS
)
SPOT, FX = 104.0, 0.75
PUT = OptionContract("STK", "put", 100.0, 90 / 365, 0.25, 0.03, 0.01)


def holding(contract: OptionContract, units: float) -> Holding:
    value = units * FX * float(contract.value(np.array([SPOT]))[0])
    return Holding("OPT", "USD", value, units, HeldOption(contract, SPOT, FX))


def stock(units: float) -> Holding:
    return Holding("STK", "USD", units * SPOT * FX, units)


def scenarios(*holdings: Holding) -> BookScenarios:
    found = book_scenarios(FACTORS, holdings)
    assert isinstance(found, BookScenarios), found
    return found


def quantlib_price(contract: OptionContract, spot: float) -> float:
    kind = ql.Option.Call if contract.right == "call" else ql.Option.Put
    growth = math.exp(-contract.dividend_yield * contract.years)
    discount = math.exp(-contract.interest_rate * contract.years)
    deviation = contract.volatility * math.sqrt(contract.years)
    payoff = ql.PlainVanillaPayoff(kind, contract.strike)
    return ql.BlackCalculator(payoff, float(spot) * growth / discount, deviation, discount).value()


def test_var_of_a_stock_and_its_put_is_an_independent_loop_with_quantlib_prices() -> None:
    found = scenarios(stock(1000), holding(PUT, 800))
    expected = []
    for before, after, fx_before, fx_after in zip(STOCK, STOCK[1:], 1 / EURUSD, 1 / EURUSD[1:], strict=False):
        shocked, rate = SPOT * after / before, FX * fx_after / fx_before
        option = 800 * (rate * quantlib_price(PUT, shocked) - FX * quantlib_price(PUT, SPOT))
        expected.append(1000 * (rate * shocked - FX * SPOT) + option)
    np.testing.assert_allclose(found.pnl, expected, rtol=1e-9, atol=1e-7)
    var = historical_var(found.pnl, found.dates, 9500)
    assert isinstance(var, HistoricalVar)
    assert var.value == pytest.approx(-sorted(expected)[math.ceil(len(expected) / 20) - 1], rel=1e-9)


def test_the_put_protects_and_the_columns_add_up() -> None:
    found, alone = scenarios(stock(1000), holding(PUT, 800)), scenarios(stock(1000))
    assert found.symbols == ("STK", "OPT")
    np.testing.assert_allclose(found.position_pnl.sum(axis=1), found.pnl)
    worst = int(alone.pnl.argmin())
    assert found.pnl[worst] > alone.pnl[worst]
    assert found.limited_by is None


def test_the_value_series_is_todays_contract_at_past_prices() -> None:
    found = scenarios(holding(PUT, -50))
    expected = [-50 / fx * quantlib_price(PUT, spot) for spot, fx in zip(STOCK, EURUSD, strict=True)]
    np.testing.assert_allclose(found.values, expected, rtol=1e-9)


def test_a_deep_call_without_volatility_is_a_linear_position() -> None:
    forward = OptionContract("STK", "call", 1.0, 1.0, 0.0)
    np.testing.assert_allclose(
        scenarios(holding(forward, 10)).pnl - scenarios(stock(10)).pnl,
        -10 * FX * (FACTORS.rates[1:, 0] / FACTORS.rates[:-1, 0] - 1),  # the strike is owed in dollars
        atol=1e-9,
    )


@given(st.floats(-0.002, 0.002))
def test_delta_and_gamma_approximate_small_moves(move: float) -> None:
    series = DatedSeries(DAYS[:2], np.array([50.0, 50.0 * (1 + move)]), "USD")
    found = book_scenarios(factor_matrix({"STK": series}, {}, "USD", DAYS[:2]), [holding(PUT, 1.0)])
    greeks = option_greeks("put", SPOT, 100.0, 90 / 365, 0.25, 0.03, 0.01)
    assert isinstance(found, BookScenarios)
    assert isinstance(greeks, OptionGreeks)
    step = SPOT * move
    approximate = FX * (float(greeks.delta) * step + 0.5 * float(greeks.gamma) * step**2)
    assert found.pnl[0] == pytest.approx(approximate, abs=1e-3 * FX * abs(step) + 1e-12)


def test_without_a_move_nothing_is_gained() -> None:
    flat = DatedSeries(DAYS[:3], np.full(3, 50.0), "USD")
    found = book_scenarios(factor_matrix({"STK": flat}, {}, "USD", DAYS[:3]), [holding(PUT, 7.0)])
    assert isinstance(found, BookScenarios)
    assert found.pnl.tolist() == [0.0, 0.0]


def test_the_underlying_must_have_a_history_and_the_option_none() -> None:
    found = book_scenarios(FACTORS, [holding(OptionContract("XYZ", "put", 1.0, 1.0, 0.2), 1.0)])
    assert isinstance(found, Missing)
    assert (found.reason, "XYZ" in found.message) == ("no_history", True)


def test_a_total_loss_of_the_underlying_is_priced() -> None:
    assert PUT.value(np.array([0.0]))[0] == pytest.approx(100 * math.exp(-0.03 * 90 / 365))
    call = OptionContract("STK", "call", 100.0, 1.0, 0.2)
    assert call.value(np.array([0.0, float("nan")]))[0] == 0
    assert np.isnan(call.value(np.array([float("nan")]))[0])


@pytest.mark.parametrize(
    "terms", [(0.0, 1.0, 0.2), (100.0, -1.0, 0.2), (100.0, 1.0, -0.2), (100.0, float("nan"), 0.2)]
)
def test_what_is_no_contract_is_refused(terms: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"negative|no option contract"):
        OptionContract("STK", "call", *terms)
