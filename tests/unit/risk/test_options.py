"""Options in a risk report: revalued in every scenario, by the terms that the valuation tells."""

import math
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql

from contracts import Measure, OptionTerms, PositionValue, RiskReport
from measuring.core.history import DailyHistory
from quant import DatedSeries
from risk.core.state import RiskState
from risk.handlers import RiskHandler
from testkit.builders import make_position_value, make_valuation

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAYS = np.arange("2010-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
SPY = 160 * np.exp(np.random.default_rng(7).normal(0, 0.012, len(DAYS)).cumsum())
HISTORY = DailyHistory("v1", prices={"SPY": DatedSeries(DAYS, SPY, "USD")})
SPOT, YEARS = 167.5, 0.25


def price(spot: float, strike: float = 165.0) -> float:
    """QuantLib's price of the put, at 20 % volatility, 1 % interest, no yield."""
    discount = math.exp(-0.01 * YEARS)
    payoff = ql.PlainVanillaPayoff(ql.Option.Put, strike)
    return ql.BlackCalculator(payoff, spot / discount, 0.2 * math.sqrt(YEARS), discount).value()


def put(contracts: int, terms: bool = True) -> PositionValue:
    """Puts of 100 units."""
    option = OptionTerms(
        underlying="SPY",
        option_right="put",
        strike=165.0,
        years=YEARS,
        spot=SPOT,
        volatility=0.2,
        interest_rate=0.01,
        dividend_yield=0.0,
        implied=False,
        **dict.fromkeys(("delta", "gamma", "vega", "theta", "rho"), 0.0),
    )
    fields = {"asset_class": "option", "multiplier": 100, "option": option if terms else None}
    return make_position_value("SPY-P", str(contracts), str(round(price(SPOT), 8)), **fields)


def report_of(*positions: PositionValue) -> RiskReport:
    (report,) = (
        RiskHandler(RiskState(HISTORY, "USD")).handle([make_valuation("P", "14:30", *positions)], NOW).reports
    )
    return report


def var(report: RiskReport) -> Measure:
    (found,) = (
        m
        for m in report.measures
        if m.measure == "historical_var" and m.parameters["confidence_bp"] == "9500"
    )
    return found


def test_var_of_shares_with_puts_is_the_loop_with_quantlib() -> None:
    report = report_of(make_position_value("SPY", "1000", str(SPOT)), put(10))
    known = SPY[np.datetime64("2013-10-07") > DAYS][-501:]
    pnl = [
        1000 * SPOT * (after / before - 1) + 1000 * (price(SPOT * after / before) - price(SPOT))
        for before, after in pairwise(known)
    ]
    assert var(report).value == pytest.approx(-sorted(pnl)[24], rel=1e-9)
    alone = report_of(make_position_value("SPY", "1000", str(SPOT)))
    assert var(report).value < var(alone).value  # type: ignore[operator]


def test_an_option_without_terms_has_no_history_to_be_measured_with() -> None:
    found = var(report_of(put(10, terms=False)))
    assert (found.value, found.reason) == (None, "no_history")
    assert "SPY-P" in found.details["message"]
