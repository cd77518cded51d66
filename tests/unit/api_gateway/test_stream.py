"""The stream's pure core: whatever happens, a client that follows has what the view has."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api_gateway.adapters.stream import Stream, StreamAnswer
from api_gateway.core.stream import KEPT_BARS, KEPT_REMOVALS, Change, Changes, Key, Wanted, cursor_of, event
from api_gateway.core.view import View
from testkit.builders import make_bar, make_position_value, make_risk_report, make_valuation

EVERYTHING = Wanted()
PORTFOLIOS = ("A", "B")


class Client:
    """What a reader knows after the events it got, and how far it is."""

    def __init__(self, wanted: Wanted = EVERYTHING) -> None:
        self.wanted, self.cursor = wanted, 0
        self.state: dict[Key, object] = {}

    def follow(self, changes: Changes) -> None:
        if changes.can_resume(self.cursor):
            self.take(changes.since(self.cursor, self.wanted))
        else:
            self.state.clear()
            self.take(changes.snapshot(self.wanted))
        self.cursor = changes.sequence

    def take(self, found: list[Change]) -> None:
        for change in found:
            self.cursor = change.sequence
            if change.what is None:
                self.state.pop(change.key, None)
            else:
                self.state[change.key] = change.what


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["value", "risk", "forget", "follow", "cut"]),
        st.sampled_from(PORTFOLIOS),
        st.integers(0, 59),
    ),
    max_size=60,
)


@given(STEPS, st.sampled_from([EVERYTHING, Wanted(portfolios=frozenset({"A"}))]))
def test_a_client_has_what_the_view_has(steps: list[tuple[str, str, int]], wanted: Wanted) -> None:
    view, client = View(), Client(wanted)
    for what, portfolio, minute in steps:
        at = f"14:{minute:02}"
        if what == "value":
            view.put_valuation(make_valuation(portfolio, at))
        elif what == "risk":
            view.put_risk(make_risk_report(portfolio, at))
        elif what == "forget":
            view.forget_values(portfolio)
        elif what == "follow":
            client.follow(view.changes)
        else:  # the connection breaks within a batch and is resumed behind the last event that came
            client.take(view.changes.since(client.cursor, wanted)[: minute % 3])
    client.follow(view.changes)
    held = {Key("values", *key): one for key, one in view.valuations.items()}
    held |= {Key("risk", *key): one for key, one in view.risks.items()}
    assert client.state == {key: one for key, one in held.items() if wanted.takes(key)}


def test_only_the_newest_of_a_key_is_sent() -> None:
    view = View()
    for minute in range(5):
        view.put_valuation(make_valuation("A", f"14:0{minute}"))
    (change,) = view.changes.since(0, EVERYTHING)
    assert change.what is view.valuations["A", "last"]
    assert view.changes.since(change.sequence, EVERYTHING) == []


def test_older_windows_are_forgotten_and_a_cursor_before_them_cannot_resume() -> None:
    view, first = View(), make_bar("IBM", "14:00", "1")
    for number in range(KEPT_BARS + 1):
        start = first.window_start + number * timedelta(minutes=5)
        view.put_bar(make_bar("IBM", start.strftime("%H:%M"), "1"))
    assert len(view.changes.snapshot(EVERYTHING)) == KEPT_BARS
    assert not view.changes.can_resume(0)
    assert view.changes.can_resume(1)
    assert not view.changes.can_resume(99)


def test_removals_are_bounded() -> None:
    changes = Changes()
    for number in range(KEPT_REMOVALS + 1):
        changes.put(key := Key("values", str(number), "last"), object())
        changes.remove(key)
    changes.remove(key)
    assert len(changes.since(0, EVERYTHING)) == KEPT_REMOVALS
    assert changes.snapshot(EVERYTHING) == []
    assert not changes.can_resume(0)


def test_topics_portfolios_and_symbols_choose() -> None:
    wanted = Wanted(frozenset({"values", "bars"}), frozenset({"A"}), frozenset({"IBM"}))
    assert wanted.takes(Key("values", "A", "last"))
    assert wanted.takes(Key("bars", "IBM", "x"))
    assert not wanted.takes(Key("values", "B", "last"))
    assert not wanted.takes(Key("risk", "A", "last"))
    assert not wanted.takes(Key("bars", "A", "x"))


def test_ids_of_this_process_only_are_cursors() -> None:
    assert cursor_of("abc-12", "abc") == 12
    for other in (None, "", "abd-12", "abc-", "abc-x", "abc--1", "12"):
        assert cursor_of(other, "abc") is None


def test_an_event_is_lines_and_an_empty_one() -> None:
    assert event("value", b"{}", "e-1") == b"id: e-1\nevent: value\ndata: {}\n\n"
    assert event("snapshot", b"{}") == b"event: snapshot\ndata: {}\n\n"


def test_an_event_is_encoded_once_and_its_data_is_the_answer_of_get() -> None:
    view, stream = View(), Stream()
    view.put_valuation(make_valuation("A", "14:00", make_position_value("IBM", "1", "10")))
    first = stream.batch(view.changes, 0, EVERYTHING)
    assert stream.batch(view.changes, 0, Wanted()) is first
    held = view.valuation("A", "last")
    assert held is not None
    assert held.answers["value", None] in first
    assert first.startswith(f"id: {stream.epoch}-1\nevent: value\n".encode())


def test_the_opening_says_whether_to_keep_what_one_has() -> None:
    view, stream = View(), Stream()
    view.put_valuation(make_valuation("A", "14:00"))
    view.forget_values("A")
    assert b'"reason":"new","events":0' in stream.opening(view.changes, EVERYTHING, None)
    assert b'"reason":"restarted"' in stream.opening(view.changes, EVERYTHING, "other-1")
    assert b'"reason":"too_old"' in stream.opening(view.changes, EVERYTHING, f"{stream.epoch}-9")
    resumed = stream.opening(view.changes, EVERYTHING, f"{stream.epoch}-1")
    assert resumed.startswith(b'event: resumed\ndata: {"events":1}\n\n')
    assert b'event: removed\ndata: {"topic":"values","subject":"A","part":"last"}' in resumed


async def test_a_stream_shows_what_is_reached_now_and_ends_with_the_key() -> None:
    view, sent = View(), list[bytes]()
    for name in PORTFOLIOS:
        view.put_valuation(make_valuation(name, "14:00"))
    wanted: Wanted | None = Wanted().within(frozenset({"A"}))

    async def send(message: Any) -> None:
        nonlocal wanted
        sent.append(message.get("body", b""))
        if len(sent) == 2:  # the snapshot is out: what is reached changes, and both change
            wanted = Wanted().within(frozenset({"B"}))
            for name in PORTFOLIOS:
                view.put_valuation(make_valuation(name, "14:01"))
        elif len(sent) == 3:
            wanted = None

    async def receive() -> Any:
        await asyncio.Event().wait()

    answer = StreamAnswer(Stream(), view.changes, lambda: wanted, 0.01, None, "ann")
    await answer({"type": "http"}, receive, send)
    _, snapshot, change, last = sent
    assert (b'"portfolio_id":"A"' in snapshot, b'"portfolio_id":"B"' in snapshot) == (True, False)
    assert (b'"portfolio_id":"A"' in change, b'"portfolio_id":"B"' in change) == (False, True)
    assert b'"signed_out"' in last


def test_reaching_nothing_is_not_reaching_everything() -> None:
    key = Key("values", "A", "last")
    assert Wanted().takes(key)
    assert not Wanted().within(frozenset()).takes(key)
    assert not Wanted(portfolios=frozenset({"A"})).within(frozenset({"B"})).takes(key)
