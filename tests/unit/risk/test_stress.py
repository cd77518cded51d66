"""Stress tests and backtests on request, as the HTTP routes answer them."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest

from contracts.analysis.backtest import BacktestAnswer
from contracts.analysis.scenarios import ScenariosAnswer
from contracts.analysis.stress import StressAnswer, StressOutcome
from measuring.core.history import DailyHistory
from quant import DatedSeries
from risk.adapters.analysis_routes import analysis_routes
from risk.core.desk import Desk
from risk.core.state import RiskState
from testkit.builders import make_position_value, make_valuation

DAYS = np.arange("2010-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def walk(seed: int, start: float) -> np.ndarray:
    return start * np.exp(np.random.default_rng(seed).normal(0, 0.01, len(DAYS)).cumsum())


HISTORY = DailyHistory(
    "v1",
    prices={"AAA": DatedSeries(DAYS, walk(1, 100), "USD"), "BBB": DatedSeries(DAYS, walk(2, 50), "EUR")},
    quotes={"EURUSD": DatedSeries(DAYS, walk(3, 1.3))},
    fx_symbols=frozenset({"EURUSD"}),
)


@pytest.fixture
def state() -> RiskState:
    found = RiskState(HISTORY, "USD")
    book = (
        make_position_value("AAA", "10", "100", sector="Banks"),
        make_position_value("BBB", "-5", "50", "1.3", currency="EUR"),
        make_position_value("NOPRICE", "1", None),
    )
    found.remember(make_valuation("P", "14:30", *book))
    found.remember(make_valuation("UNPRICED", "14:30", make_position_value("AAA", "1", None)))
    found.remember(make_valuation("EMPTY", "14:30"))
    return found


def ask(state: RiskState, name: str, **request: Any) -> tuple[int, bytes]:
    return analysis_routes(Desk(state))["POST", f"/analysis/{name}"](msgspec.json.encode(request))


def stress(state: RiskState, portfolio_id: str = "P", **request: Any) -> StressAnswer:
    status, body = ask(state, "stress", portfolio_id=portfolio_id, **request)
    assert status == 200, body
    return msgspec.json.decode(body, type=StressAnswer)


def by_name(answer: StressAnswer) -> dict[str, StressOutcome]:
    return {one.name: one for one in answer.stresses}


def test_own_shocks_show_what_each_position_contributes(state: RiskState) -> None:
    shocks = [
        {"selector": "sector", "value": "Banks", "size": -0.2},
        {"selector": "currency", "value": "EUR", "size": 0.1, "factor": "fx"},
        {"selector": "symbol", "value": "ZZZ", "size": -0.5},
    ]
    answer = stress(state, shocks=shocks)
    (found,) = answer.stresses
    assert (found.kind, answer.unpriced) == ("hypothetical", ("NOPRICE",))
    assert {line.symbol: line.pnl for line in found.lines} == pytest.approx({"AAA": -200.0, "BBB": -32.5})
    assert found.pnl == pytest.approx(-232.5)
    assert found.percent == pytest.approx(100 * -232.5 / 1325)
    assert [line.fx_move for line in found.lines] == pytest.approx([0.0, 0.1])
    assert ["symbol ZZZ" in one for one in found.warnings] == [True]


def test_named_periods_come_with_a_number_or_a_reason(state: RiskState) -> None:
    found = by_name(stress(state))
    assert found["black_monday_1987"].unavailable is not None
    assert found["march_2020"].unavailable is not None
    downgrade = found["us_downgrade_2011"]
    assert (downgrade.first, downgrade.last) == (date(2011, 8, 8), date(2011, 8, 8))
    _, body = ask(state, "scenarios", portfolio_id="P", lookback=5000)
    scenarios = {one.date: one.pnl for one in msgspec.json.decode(body, type=ScenariosAnswer).scenarios}
    assert downgrade.pnl == scenarios[date(2011, 8, 8)]
    assert found["worst_1_days"].pnl == min(scenarios.values())


def test_reverse_stress_loses_the_amount(state: RiskState) -> None:
    uniform, likely = stress(state, loss=100.0).reverse
    assert uniform.move == pytest.approx(-100 / (1000 - 325))
    assert sum(line.pnl for line in likely.lines) == pytest.approx(-100)
    assert likely.distance is not None
    assert (likely.window_end, likely.distance > 0) == (date(2013, 10, 4), True)


def test_books_that_cannot_be_stressed_say_why(state: RiskState) -> None:
    outcomes = stress(state, "UNPRICED").stresses
    assert {one.unavailable.reason for one in outcomes if one.unavailable} == {"unpriced"}
    assert all(one.unavailable for one in outcomes)
    empty = stress(state, "EMPTY", shocks=[{"size": -0.1}], loss=5.0)
    assert empty.stresses[0].pnl == 0.0
    assert [one.unavailable.reason for one in empty.reverse if one.unavailable] == ["flat_book", "flat_book"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"shocks": [{"size": -1.5}]}, "below -100 %"),
        (
            {"shocks": [{"selector": "sector", "value": "X", "size": 0.1, "factor": "fx"}]},
            "selects a currency",
        ),
        ({"loss": -1.0}, "above zero"),
    ],
)
def test_shocks_that_make_no_sense_are_refused(
    state: RiskState, request_: dict[str, Any], words: str
) -> None:
    status, body = ask(state, "stress", portfolio_id="P", **request_)
    assert (status, words in msgspec.json.decode(body)["detail"]) == (422, True)


def backtest(state: RiskState, **request: Any) -> BacktestAnswer:
    status, body = ask(state, "backtest", portfolio_id="P", **request)
    assert status == 200, body
    return msgspec.json.decode(body, type=BacktestAnswer)


def test_backtest_forecasts_each_day_from_the_days_before(state: RiskState) -> None:
    found = backtest(state, confidence_bp=9900, days=250, lookback=300).hypothetical
    assert (found.pnl_type, found.days, found.missing) == ("hypothetical", 250, 0)
    assert found.expected_exceptions == 2.5
    assert found.series[-1].date == date(2013, 10, 4)
    assert found.exceptions == sum(day.exception for day in found.series)
    assert all(day.exception == (-day.pnl > day.var) for day in found.series)
    assert found.zone in ("green", "yellow")
    assert found.multiplier is not None
    assert None not in (
        found.kupiec,
        found.christoffersen,
        found.conditional_coverage,
        found.acerbi_szekely_z2,
    )


def test_backtest_against_actual_days(state: RiskState) -> None:
    actual = [
        {"date": "2013-10-01", "pnl": -10.0, "var": 9.0},
        {"date": "2013-10-02", "pnl": 5.0, "var": 9.0},
        {"date": "2013-10-03", "pnl": None, "var": 9.0},
        {"date": "2013-10-04", "pnl": -50.0, "var": None},
    ]
    found = backtest(state, actual=actual).actual
    assert found is not None
    assert (found.pnl_type, found.days, found.exceptions, found.missing) == ("actual", 2, 1, 2)
    assert "only 2 days" in found.warnings[0]
    assert backtest(state).actual is None


def test_backtest_without_enough_history_says_so(state: RiskState) -> None:
    found = backtest(state, lookback=5000).hypothetical
    assert found.unavailable is not None
    assert found.unavailable.reason == "too_few_scenarios"
    status, _ = ask(state, "backtest", portfolio_id="P", confidence_bp=100)
    assert status == 422


def test_decimal_prices_reach_absolute_shocks(state: RiskState) -> None:
    (found,) = stress(
        state, shocks=[{"selector": "symbol", "value": "AAA", "size": -5.0, "kind": "absolute"}]
    ).stresses
    assert found.pnl == pytest.approx(-5.0 * float(Decimal(10)))
