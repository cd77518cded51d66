"""What the memory view keeps."""

from datetime import timedelta
from pathlib import Path

import pytest

from api_gateway.core.bars import merged
from api_gateway.core.view import KEPT_WINDOWS, View
from api_gateway.handlers import HANDLERS, UnreadableMessage, handle
from contracts import topics
from contracts.codec import encode
from testkit.builders import (
    make_bar,
    make_instrument,
    make_portfolio,
    make_position,
    make_risk_report,
    make_valuation,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples"


def test_market_time_never_goes_back() -> None:
    view = View()
    for at in ("14:05", "14:10", "14:07"):
        view.put_valuation(make_valuation("P", at))
        view.put_risk(make_risk_report("P", at))
    assert view.valuations["P", "last"].message.as_of.minute == 10
    assert view.risks["P", "last"].message.as_of.minute == 10


def test_a_recalculation_at_the_same_time_replaces_and_drops_old_answers() -> None:
    view = View()
    view.put_valuation(make_valuation("P", "14:05", valuation_id="one"))
    held = view.valuation("P", "last")
    assert held is not None
    assert held.answer("id", lambda v: v.valuation_id.encode()) == b"one"
    view.put_valuation(make_valuation("P", "14:05", valuation_id="two"))
    held = view.valuation("P", "last")
    assert held is not None
    assert held.answer("id", lambda v: v.valuation_id.encode()) == b"two"


def test_an_answer_is_made_once() -> None:
    view, made = View(), []
    view.put_valuation(make_valuation("P", "14:05"))
    held = view.valuation("P", "last")
    assert held is not None
    for _ in range(3):
        held.answer("x", lambda v: made.append(v) or b"")  # type: ignore[func-returns-value]
    assert len(made) == 1


def test_live_and_official_are_kept_apart() -> None:
    view = View()
    view.put_valuation(make_valuation("P", "14:05"))
    view.put_valuation(make_valuation("P", "14:00", basis="bar", revision=2))
    view.put_valuation(make_valuation("P", "14:00", basis="bar", revision=1))
    assert view.valuations["P", "last"].message.as_of.minute == 5
    assert view.valuations["P", "bar"].message.revision == 2


def test_risk_without_basis_is_live_else_official() -> None:
    view = View()
    view.put_risk(make_risk_report("P", "14:05", basis="bar"))
    found = view.risk("P", None)
    assert found is not None
    assert found.message.basis == "bar"
    view.put_risk(make_risk_report("P", "14:01"))
    found = view.risk("P", None)
    assert found is not None
    assert found.message.basis == "last"


def test_surest_bar_of_a_window_wins_in_any_order() -> None:
    forming = make_bar("A", "13:30", "1", revision=0, status="forming")
    provisional = make_bar("A", "13:30", "2", revision=0, status="provisional")
    final = make_bar("A", "13:30", "3")
    corrected = make_bar("A", "13:30", "4", revision=2)
    for order in ([forming, provisional, final, corrected], [corrected, final, provisional, forming]):
        view = View()
        for bar in order:
            view.put_bar(bar)
        assert list(view.bars["A"].values()) == [corrected]


def test_only_the_newest_windows_are_kept() -> None:
    view, first = View(), make_bar("A", "00:00", "1")
    for number in range(KEPT_WINDOWS + 10):
        shift = number * timedelta(minutes=5)
        view.put_bar(make_bar("A", "00:00", "1", window_start=first.window_start + shift))
    assert len(view.bars["A"]) == KEPT_WINDOWS
    assert min(view.bars["A"]) == first.window_start + 10 * timedelta(minutes=5)


def test_memory_and_storage_make_one_list() -> None:
    stored = [
        make_bar("A", "13:30", "1"),
        make_bar("A", "13:30", "2", revision=2),
        make_bar("A", "13:35", "3"),
    ]
    memory = [
        make_bar("A", "13:35", "9", revision=0, status="provisional"),
        make_bar("A", "13:35", "4", revision=2),
        make_bar("A", "13:40", "5", revision=0, status="forming"),
    ]
    latest = merged(stored, memory, all_revisions=False)
    assert [str(bar.close) for bar in latest] == ["2", "4", "5"]
    every = merged(stored, memory, all_revisions=True)
    assert [str(bar.close) for bar in every] == ["1", "2", "3", "4", "5"]


def test_tombstones_forget() -> None:
    view = View()
    for message in (
        make_portfolio("P"),
        make_instrument("IBM"),
        make_position("P", "IBM", "1"),
        make_valuation("P", "14:00"),
        make_risk_report("P", "14:00"),
    ):
        topic = next(topic for topic in topics.ALL if topic.record is type(message))
        handle(view, topic.name, topic.key_of(message), encode(message))
    assert view.is_known("P")
    for topic, key in (
        (topics.PORTFOLIOS, b"P"),
        (topics.INSTRUMENTS, b"IBM"),
        (topics.POSITIONS, b"P/IBM"),
        (topics.VALUATIONS, b"P"),
        (topics.RISK, b"P"),
    ):
        handle(view, topic.name, key, None)
    assert view == View(books={"P": {}})


def test_a_broken_record_is_refused_and_changes_nothing() -> None:
    view = View()
    with pytest.raises(UnreadableMessage, match="not a Valuation"):
        handle(view, topics.VALUATIONS.name, b"P", b'{"portfolio_id": 7}')
    assert view == View()


@pytest.mark.parametrize("topic", sorted(HANDLERS))
def test_every_example_enters_the_view(topic: str) -> None:
    view, before = View(), View()
    for path in sorted((EXAMPLES / topic).glob("*.json")):
        handle(view, topic, None, path.read_bytes())
    assert view != before
