"""Bytes of each topic to state and to facts to store."""

from decimal import Decimal

import pytest

from chassis.bus import Record
from contracts import topics
from contracts.codec import encode
from testkit.builders import (
    DAY,
    make_bar,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    moment,
)
from valuation.core.state import State
from valuation.handlers import BadRecord, handle

CLOSED_AT_US = 1_400_000_000_000_000


def record(topic: topics.Topic, message: object, key: bytes | None = None) -> Record:
    value = message if isinstance(message, bytes | None) else encode(message)
    return Record(topic.name, 0, 7, key, value, None, CLOSED_AT_US)


def test_reference_records_come_back_as_facts_with_revisions() -> None:
    state = State()
    for topic, message in (
        (topics.INSTRUMENTS, make_instrument("IBM")),
        (topics.PORTFOLIOS, make_portfolio("US")),
        (topics.FX_RATES, make_fx_rate("EURUSD", "2013-10-07", "1.35")),
        (topics.POSITIONS, make_position("US", "IBM", "10")),
    ):
        assert handle(state, record(topic, message)) == (message, 1)
        assert handle(state, record(topic, message)) is None


def test_ticks_and_bars_change_state_and_store_nothing() -> None:
    state = State()
    assert handle(state, record(topics.TICKS, make_tick("IBM", "14:30", "184"))) is None
    assert handle(state, record(topics.BARS, make_bar("IBM", "14:30", "184"))) is None
    assert state.prices.price("IBM").value == 184
    assert len(state.closes) == 1


def test_a_tombstone_closes_a_position_at_market_time() -> None:
    state = State()
    tombstone = record(topics.POSITIONS, None, b"US/IBM")
    assert handle(state, tombstone) is None
    state.take_portfolio(make_portfolio("US"))
    state.take_position(make_position("US", "IBM", "10"))
    state.take_tick(make_tick("IBM", "14:30", "184"))
    closed = handle(state, tombstone)
    assert (closed.record.quantity, closed.record.as_of, closed.revision) == (0, moment("14:30"), 1)
    assert state.value_live("US", "1", DAY).positions == ()
    assert handle(state, tombstone) is None


def test_without_market_time_a_tombstone_corrects_the_newest_version() -> None:
    state = State()
    state.take_position(make_position("US", "IBM", "10"))
    closed = handle(state, record(topics.POSITIONS, None, b"US/IBM"))
    assert (closed.record.as_of, closed.revision) == (moment("2013-10-04"), 2)


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (topics.TICKS, b"not json"),
        (topics.TICKS, make_tick("IBM", "14:30", "0")),
        (topics.BARS, make_bar("IBM", "14:30", "0")),
        (topics.POSITIONS, make_position("US", "IBM", "NaN")),
        (topics.POSITIONS, make_position("US", "IBM", "1e30")),
        (topics.POSITIONS, make_position("US", "IBM", "1", cost_fx_rate=Decimal(-1))),
        (topics.FX_RATES, make_fx_rate("EURUSD", "2013-10-07", "0")),
        (topics.FX_RATES, make_fx_rate("EUR-USD", "2013-10-07", "1.3")),
        (topics.INSTRUMENTS, make_instrument("IBM", multiplier=Decimal(0))),
        (topics.INSTRUMENTS, None),
    ],
)
def test_a_bad_record_is_told_with_its_place_and_changes_nothing(
    topic: topics.Topic, message: object
) -> None:
    state = State()
    state.take_portfolio(make_portfolio("US"))
    state.take_dirty()
    with pytest.raises(BadRecord, match=rf"{topic.name}\[0\]@7: "):
        handle(state, record(topic, message))
    assert not state.is_dirty
    assert state.market_time_us is None
    assert not state.agenda
