"""Examples: enough of them, and each survives decoding and encoding."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from contract_tools.examples import EXAMPLES, read_examples
from contracts import RawTick, Valuation, topics
from contracts.codec import decoder, encode, rejected_from_headers, rejected_to_headers

ALL = list(read_examples())
VALUES = [example for example in ALL if example.topic.record_in == "value"]
MISSION_EVENT = (
    '{"symbol": "AAPL", "ts_event": "2025-09-24T14:32:10Z", "price": 189.42, '
    '"currency": "USD", "exchange": "NASDAQ", "volume": 1200}'
)


def name(example: Any) -> str:
    return f"{example.topic.name}/{example.name}"


def named_in(example: Any, found: Any) -> Any:
    """What `found` says about the fields that the example names; an older example names fewer."""
    if isinstance(example, dict) and isinstance(found, dict):
        return {field: named_in(value, found[field]) for field, value in example.items()}
    if isinstance(example, list) and isinstance(found, list) and len(example) == len(found):
        return [named_in(one, other) for one, other in zip(example, found, strict=True)]
    return found


def test_every_topic_has_at_least_two():
    counts = Counter(example.topic.name for example in ALL)
    assert {topic.name: counts[topic.name] >= 2 for topic in topics.ALL} == dict.fromkeys(
        topics.BY_NAME, True
    )


@pytest.mark.parametrize("example", VALUES, ids=name)
def test_decodes_and_survives_a_round_trip(example):
    message = decoder(example.topic.record).decode(example.value)
    assert decoder(example.topic.record).decode(encode(message)) == message


@pytest.mark.parametrize("example", [e for e in VALUES if e.topic.record is not RawTick], ids=name)
def test_encodes_to_the_same_values(example):
    """What we send looks exactly as the example; raw ticks may be sent in other ways by others."""
    again = json.loads(encode(decoder(example.topic.record).decode(example.value)))
    assert named_in(example.record, again) == example.record


def test_the_mission_event_is_accepted_as_written():
    text = (EXAMPLES / topics.TICKS_RAW.name / "mission-event.json").read_text()
    assert text.strip() == MISSION_EVENT
    tick = decoder(RawTick).decode(text)
    assert tick.price == Decimal("189.42")
    assert tick.volume == 1200


@pytest.mark.parametrize("example", [e for e in ALL if e.topic.record_in == "headers"], ids=name)
def test_a_dead_letter_tells_its_reason_in_headers(example):
    rejected = rejected_from_headers(example.headers)
    assert set(rejected_to_headers(rejected)) <= set(example.headers)


@pytest.mark.parametrize("example", [e for e in VALUES if e.topic.record is Valuation], ids=name)
def test_the_sums_of_a_valuation_reconcile(example):
    value = decoder(Valuation).decode(example.value)
    priced = [line.market_value_base for line in value.positions if line.market_value_base is not None]
    assert value.coverage.priced == len(priced)
    assert value.market_value == (sum(priced) if priced else None)
    if value.long_exposure is not None and value.short_exposure is not None:
        assert value.net_exposure == value.long_exposure + value.short_exposure
        assert value.gross_exposure == value.long_exposure - value.short_exposure
