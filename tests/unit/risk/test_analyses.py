"""The desk: what is computed on request, as the HTTP routes answer it."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from contracts.analysis.scenarios import ScenariosAnswer
from measuring.core.history import DailyHistory
from quant import DatedSeries
from risk.adapters.analysis_routes import analysis_routes
from risk.core.desk import Desk
from risk.core.state import RiskState
from testkit.builders import make_position_value, make_valuation

DAYS = np.arange("2010-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
PRICES = 100 * np.exp(np.random.default_rng(5).normal(0, 0.01, len(DAYS)).cumsum())
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def state() -> RiskState:
    found = RiskState(DailyHistory("v1", prices={"AAA": DatedSeries(DAYS, PRICES, "USD")}), "USD")
    found.remember(make_valuation("P", "14:30", make_position_value("AAA", "10", "100")))
    found.remember(make_valuation("UNPRICED", "14:30", make_position_value("NEW", "10", "100")))
    return found


def ask(state: RiskState, name: str, **request: object) -> tuple[int, bytes]:
    return analysis_routes(Desk(state))["POST", f"/analysis/{name}"](msgspec.json.encode(request))


def test_scenarios_are_each_past_day_applied_to_the_book(state: RiskState) -> None:
    status, body = ask(state, "scenarios", portfolio_id="P", lookback=30)
    found = msgspec.json.decode(body, type=ScenariosAnswer)
    known = PRICES[np.datetime64("2013-10-07") > DAYS][-31:]
    assert status == 200
    assert [one.pnl for one in found.scenarios] == pytest.approx(1000 * (known[1:] / known[:-1] - 1))
    assert str(found.scenarios[-1].date) == "2013-10-04"
    assert (found.valuation_id, found.basis, found.history_version) == ("P:last:14:30:1", "last", "v1")


def test_book_without_history_says_so(state: RiskState) -> None:
    _, body = ask(state, "scenarios", portfolio_id="UNPRICED")
    found = msgspec.json.decode(body, type=ScenariosAnswer)
    assert found.scenarios == ()
    assert found.unavailable is not None
    assert found.unavailable.reason == "no_history"


def test_new_history_is_used_at_once(state: RiskState) -> None:
    desk = Desk(state)
    routes = analysis_routes(desk)
    state.replace_history(DailyHistory("v2", prices={"AAA": DatedSeries(DAYS, PRICES[::-1], "USD")}))
    _, body = routes["POST", "/analysis/scenarios"](b'{"portfolio_id": "P"}')
    assert msgspec.json.decode(body, type=ScenariosAnswer).history_version == "v2"


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        ({"portfolio_id": "NOPE"}, 404, "no valuation of portfolio 'NOPE'"),
        ({"portfolio_id": "P", "basis": "bar"}, 404, "no valuation"),
        ({"portfolio_id": "P", "lookback": 0}, 422, "at least 1"),
        ({"portfolio_id": "P", "color": "red"}, 422, "color"),
        ({}, 422, "portfolio_id"),
    ],
)
def test_request_that_cannot_be_answered_says_why(
    state: RiskState, request_: dict[str, object], status: int, words: str
) -> None:
    answered, body = ask(state, "scenarios", **request_)
    assert answered == status
    assert words in msgspec.json.decode(body)["detail"]
