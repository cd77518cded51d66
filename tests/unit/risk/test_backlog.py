"""What a start reads again: a record that breaks its contract is left out there as it was when it came."""

import pytest

from chassis import metrics
from chassis.bus import Record
from contracts import Topic, topics
from contracts.codec import encode
from measuring.core.history import DailyHistory
from risk.adapters import backlog
from risk.core.state import RiskState
from testkit.builders import make_valuation

BROKEN = [b"{", b"{}", b"\xff", b'{"portfolio_id": 1}']


def put_on(topic: Topic, values: list[bytes | None], monkeypatch: pytest.MonkeyPatch) -> None:
    def read_table(_: str, name: str) -> list[Record]:
        assert name == topic.name
        return [Record(name, 0, place, b"P", value, None, 0) for place, value in enumerate(values)]

    monkeypatch.setattr(backlog, "read_table", read_table)


def left_out(topic: Topic) -> float:
    return metrics.INVALID_RECORDS.labels(topic=topic.name)._value.get()


def test_a_broken_valuation_does_not_keep_the_service_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = make_valuation("A", "14:00"), make_valuation("B", "14:00")
    put_on(topics.VALUATIONS, [encode(first), *BROKEN, None, encode(last)], monkeypatch)
    before, state = left_out(topics.VALUATIONS), RiskState(DailyHistory("v1"), "USD")
    backlog.restore("", state)
    assert state.newest() == [first, last]
    assert left_out(topics.VALUATIONS) == before + len(BROKEN)


def test_nor_does_a_broken_limit_event(monkeypatch: pytest.MonkeyPatch) -> None:
    put_on(topics.LIMIT_EVENTS, [*BROKEN], monkeypatch)
    assert backlog.event_ids("") == set()
