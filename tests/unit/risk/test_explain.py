"""VaR change explained: which component moved it."""

from typing import Any

import msgspec
import numpy as np
import pytest

from contracts import PositionValue
from contracts.analysis.explain import ExplainAnswer
from contracts.codec import encode
from measuring.core.history import DailyHistory
from quant import DatedSeries, ExplainedChange, ExplainStep, Missing, Result, explain_change
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
)
AAA = make_position_value("AAA", "10", "100")
BBB = make_position_value("BBB", "5", "50", "1.3", currency="EUR")


def explained(before: list[PositionValue], after: list[PositionValue], **request: Any) -> ExplainAnswer:
    state = RiskState(HISTORY, "USD")
    state.remember(make_valuation("P", "14:30", *after))
    earlier = make_valuation("P", "14:00", *before, **request.pop("earlier", {}))
    body = msgspec.json.encode({"portfolio_id": "P", "before": msgspec.Raw(encode(earlier)), **request})
    status, answer = analysis_routes(Desk(state))["POST", "/analysis/explain"](body)
    assert status == 200, answer
    return msgspec.json.decode(answer, type=ExplainAnswer)


def parts(answer: ExplainAnswer) -> dict[str, float]:
    assert answer.change is not None
    assert answer.remainder is not None
    assert sum(part.amount for part in answer.parts) + answer.remainder == pytest.approx(answer.change)
    assert abs(answer.remainder) < 1e-9
    return {part.component: part.amount for part in answer.parts}


def test_nothing_changed() -> None:
    found = parts(explained([AAA, BBB], [AAA, BBB]))
    assert list(found) == ["data_correction", "window", "positions", "market", "fx"]
    assert set(found.values()) == {0.0}


def moved(answer: ExplainAnswer) -> set[str]:
    return {name for name, amount in parts(answer).items() if amount}


@pytest.mark.parametrize(
    ("after", "component"),
    [
        ([make_position_value("AAA", "20", "100"), BBB], "positions"),
        ([AAA], "positions"),
        ([make_position_value("AAA", "10", "120"), BBB], "market"),
        ([AAA, make_position_value("BBB", "5", "50", "1.5", currency="EUR")], "fx"),
    ],
)
def test_one_change_has_one_cause(after: list[PositionValue], component: str) -> None:
    found = explained([AAA, BBB], after)
    assert moved(found) == {component}
    assert found.var_after == pytest.approx((found.var_before or 0) + parts(found)[component])


def test_a_bought_name_is_a_change_of_positions_at_its_own_price() -> None:
    assert moved(explained([AAA], [AAA, BBB])) == {"positions"}


def test_a_later_market_date_rolls_the_window() -> None:
    assert moved(explained([AAA], [AAA], earlier={"as_of": "2012-05-01T14:00:00Z"})) == {"window"}


def test_all_at_once_adds_up() -> None:
    found = explained(
        [AAA, BBB],
        [make_position_value("AAA", "7", "90"), make_position_value("BBB", "9", "60", "1.2", currency="EUR")],
        earlier={"as_of": "2013-05-01T14:00:00Z"},
    )
    assert moved(found) == {"window", "positions", "market", "fx"}


def test_the_number_reported_then_is_where_the_change_starts() -> None:
    now = explained([AAA], [AAA]).var_after or 0.0
    found = explained([AAA], [AAA], reported=now - 5.0, reported_definition=1)
    assert parts(found)["data_correction"] == pytest.approx(5.0)
    assert found.change == pytest.approx(5.0)
    other = explained([AAA], [AAA], reported=now - 5.0, reported_definition=99)
    assert parts(other)["method"] == pytest.approx(5.0)


def test_a_book_without_history_says_when() -> None:
    unknown = make_position_value("NEW", "1", "10")
    found = explained([AAA], [AAA, unknown])
    assert found.unavailable is not None
    assert (found.unavailable.reason, "after positions" in found.unavailable.message) == ("no_history", True)


def test_what_the_steps_leave_out_is_the_remainder() -> None:
    def measure(state: tuple[float, float]) -> Result[float]:
        return state[0] * state[1]

    steps: list[ExplainStep[tuple[float, float]]]
    steps = [ExplainStep("first", lambda state, after: (after[0], state[1]))]
    found = explain_change((2.0, 3.0), (5.0, 7.0), steps, measure)
    assert isinstance(found, ExplainedChange)
    assert (found.parts[0].amount, found.remainder, found.change) == (9.0, 20.0, 29.0)
    missing = explain_change((1.0, 1.0), (1.0, 1.0), (), lambda _: Missing("no_history", "nothing"))
    assert isinstance(missing, Missing)
