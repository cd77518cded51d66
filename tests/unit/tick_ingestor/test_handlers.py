"""Decisions about batches: what is sent, what is counted."""

from typing import Any

import msgspec
import pytest

from chassis.bus import Record
from chassis.clock import FixedClock
from contracts import Tick, topics
from contracts.codec import decoder, rejected_from_headers
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.handlers import Ingestor

NOW_US = 1_758_724_331_000_000


def raw(offset: int, partition: int = 0, **changes: Any) -> Record:
    fields = {
        "symbol": "AAPL",
        "ts_event": "2025-09-24T14:32:10Z",
        "price": "189.42",
        "currency": "USD",
        "exchange": "NASDAQ",
        "volume": 1200,
        "source": "feed",
        "seq": offset,
    } | changes
    return record(offset, msgspec.json.encode(fields), partition)


def record(offset: int, value: bytes | None, partition: int = 0, **changes: Any) -> Record:
    made = Record(
        topics.TICKS_RAW.name, partition, offset, b"any key", value, [("trace", b"1")], offset * 1000
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def ingestor(instruments: InstrumentTable) -> Ingestor:
    rules = Normaliser(instruments, max_message_bytes=65_536, max_ahead_us=1_000_000)
    made = Ingestor(rules, RecentIds(1000), FixedClock(NOW_US))
    made.take_over(0, 0, "")
    made.take_over(1, 0, "")
    return made


def test_accepted_ticks_go_out_under_their_symbol_with_their_raw_position(ingestor: Ingestor) -> None:
    decisions = ingestor.handle([raw(7, partition=1)])
    (output,) = decisions.ticks
    assert (output.topic, output.key, output.partition) == (topics.TICKS.name, b"AAPL", None)
    tick = decoder(Tick).decode(output.value or b"")
    assert (tick.tick_id, tick.raw_partition, tick.raw_offset) == ("feed/AAPL/7", 1, 7)
    assert tick.ts_ingest_us == NOW_US
    assert decisions.dead_letters == []


def test_refused_events_keep_their_bytes_key_headers_and_partition(ingestor: Ingestor) -> None:
    original = record(3, b"\xff not json", partition=1)
    (letter,) = ingestor.handle([original]).dead_letters
    assert (letter.topic, letter.partition) == (topics.TICKS_REJECTED.name, 1)
    assert (letter.value, letter.key) == (b"\xff not json", b"any key")
    assert letter.headers is not None
    assert letter.headers[0] == ("trace", b"1")
    said = rejected_from_headers(letter.headers)
    assert (said.reason, said.topic, said.partition, said.offset) == ("not_json", original.topic, 1, 3)
    assert (said.timestamp_us, said.service, said.failed_at_us) == (3000, "tick-ingestor", NOW_US)
    assert ingestor.take_new_letters() == {"not_json": 1}
    assert ingestor.take_new_letters() == {}


def test_bad_events_do_not_hold_up_good_ones(ingestor: Ingestor) -> None:
    batch = [raw(0), record(1, b"{"), raw(2), raw(3, price="NaN"), record(4, None), raw(5)]
    decisions = ingestor.handle(batch)
    assert len(decisions.ticks) == 3
    assert len(decisions.dead_letters) == 3
    assert ingestor.metadata("", 0) == (
        '{"received":6,"accepted":3,"duplicate":0,"rejected":{"not_json":2,"not_finite":1}}'
    )


def test_duplicates_are_counted_and_not_sent_also_across_partitions(ingestor: Ingestor) -> None:
    first = ingestor.handle([raw(0, seq=1), raw(1, seq=1)])
    second = ingestor.handle([raw(0, partition=1, seq=1)])
    assert (len(first.ticks), len(second.ticks)) == (1, 0)
    assert ingestor.metadata("", 0) == '{"received":2,"accepted":1,"duplicate":1,"rejected":{}}'
    assert ingestor.metadata("", 1) == '{"received":1,"accepted":0,"duplicate":1,"rejected":{}}'


def test_a_dead_letter_that_is_sent_again_after_its_symbol_became_known_is_accepted(
    ingestor: Ingestor, instruments: InstrumentTable
) -> None:
    listing = instruments.listings.pop("AAPL")
    (letter,) = ingestor.handle([raw(0)]).dead_letters
    instruments.listings["AAPL"] = listing
    replayed = Record(topics.TICKS_RAW.name, 0, 1, letter.key, letter.value, letter.headers, 0)
    assert len(ingestor.handle([replayed]).ticks) == 1


def test_dead_letters_too_large_for_a_broker_are_cut(ingestor: Ingestor) -> None:
    huge = record(0, b"x" * 2_000_000, key=b"k" * 5_000, headers=[("h", b"y" * 500_000)])
    (letter,) = ingestor.handle([huge]).dead_letters
    assert letter.headers is not None
    size = len(letter.value or b"") + len(letter.key or b"") + sum(len(data) for _, data in letter.headers)
    assert size < 100_000
    assert dict(letter.headers)["dlq.cut"] == b"value had 2000000 bytes, key 5000, headers 1"
    assert rejected_from_headers(letter.headers).reason == "message_too_large"


def test_a_large_dead_letter_that_fits_is_whole(ingestor: Ingestor) -> None:
    (letter,) = ingestor.handle([record(0, b"x" * 800_000)]).dead_letters
    assert letter.value == b"x" * 800_000


def test_partitions_that_are_given_up_are_forgotten(ingestor: Ingestor) -> None:
    ingestor.handle([raw(0)])
    ingestor.give_up([0])
    assert set(ingestor.counts) == {1}
    ingestor.take_over(0, 1, '{"received":1,"accepted":1,"duplicate":0,"rejected":{}}')
    ingestor.handle([raw(1)])
    assert ingestor.counts[0].received == 2
