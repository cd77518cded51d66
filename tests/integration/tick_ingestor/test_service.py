"""The running service on a real broker: good and bad events, kill -9, two instances, late instruments."""

import os
import signal
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from confluent_kafka import KafkaException

from chassis.bus import Output, Record
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed, end_offsets
from chassis.table import read_table
from contracts import Instrument, RejectedTick, Tick, topics
from contracts.codec import decoder, encode, rejected_from_headers
from local_stack.broker import Broker
from local_stack.ports import free_port
from testkit.processes import ChildProcess
from testkit.waiting import eventually
from tick_ingestor.core.counts import PartitionCounts

DAY = Path(__file__).resolve().parents[3] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
SYMBOLS = ("AIG", "BAC", "IBM", "SPY")
ROWS = 40_000
ACCEPTED = 'partition="2",result="accepted",topic="marketdata.ticks.raw.v1"} 100.0'

pytestmark = pytest.mark.integration


class Bus:
    """What the tests send, and what they find on the topics afterwards."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._publisher = Publisher(new_producer(bootstrap, "test"))
        self._consumer = new_consumer(bootstrap, "tick-ingestor")
        self.sent = 0

    def close(self) -> None:
        self._consumer.close()

    def load(self, *symbols: str) -> None:
        for symbol in symbols:
            instrument = Instrument(
                symbol=symbol,
                name=symbol,
                asset_class="equity",
                currency="USD",
                exchange="XNYS",
                recorded_at=datetime(2013, 1, 1, tzinfo=UTC),
            )
            self._publisher.send(Output(topics.INSTRUMENTS.name, encode(instrument), symbol.encode()))
        self._publisher.flush()

    def send(self, events: list[tuple[bytes | None, bytes | None]]) -> None:
        """Send (key, value) pairs as raw events."""
        for key, value in events:
            self._publisher.send(Output(topics.TICKS_RAW.name, value, key))
        self._publisher.flush()
        self.sent += len(events)

    def counts(self) -> Counter[str]:
        """The committed counts, summed over the raw partitions."""
        total: Counter[str] = Counter()
        try:
            stored = committed(self._consumer, topics.TICKS_RAW.name)
        except KafkaException:  # the broker is still making the group's coordinator
            return total
        for _, metadata in stored.values():
            counts = PartitionCounts.from_text(metadata)
            total += Counter(received=counts.received, accepted=counts.accepted, duplicate=counts.duplicate)
            total += Counter({str(reason): number for reason, number in counts.rejected.items()})
        return total

    def unaccounted(self) -> int:
        """Outputs on the topics that the committed counts do not know of."""
        found = sum(
            offset
            for topic in (topics.TICKS, topics.TICKS_REJECTED)
            for offset in end_offsets(self._consumer, topic.name).values()
        )
        time.sleep(0.1)  # what was committed a moment ago may still be on its way
        counts = self.counts()
        return found - (counts["received"] - counts["duplicate"])

    def wait_received(self, number: int) -> Counter[str]:
        return eventually(self.counts, lambda counts: counts["received"] >= number)

    def ticks(self) -> list[Tick]:
        return [
            decoder(Tick).decode(one.value or b"") for one in read_table(self.bootstrap, topics.TICKS.name)
        ]

    def letters(self) -> list[tuple[Record, RejectedTick]]:
        records = read_table(self.bootstrap, topics.TICKS_REJECTED.name)
        return [(one, rejected_from_headers(one.headers or [])) for one in records]


@pytest.fixture
def bus(broker: str) -> Iterator[Bus]:
    made = Bus(broker)
    made.load(*SYMBOLS)
    yield made
    made.close()


Start = Callable[..., ChildProcess]


@pytest.fixture
def start(broker: str, tmp_path: Path, child_environment: dict[str, str]) -> Iterator[Start]:
    """Start an instance of the service; all are stopped at the end, and none may have failed on its own."""
    running: list[ChildProcess] = []

    def started(instance_id: str = "") -> ChildProcess:
        port = free_port()
        settings = {"TAPELINE_KAFKA": broker, "TAPELINE_HTTP_PORT": str(port), "TAPELINE_BATCH_SIZE": "500"}
        settings |= {"TAPELINE_INSTANCE_ID": instance_id}
        name = f"ingestor-{len(running)}"
        process = ChildProcess(
            name,
            [sys.executable, "-m", "tick_ingestor"],
            tmp_path / f"{name}.log",
            {**child_environment, **settings},
        )
        process.port = port  # type: ignore[attr-defined]
        running.append(process)
        return process

    yield started
    for process in running:
        assert process.stop() in (0, -9), process.log_tail()


def real_events(rows: int) -> list[tuple[bytes, bytes]]:
    """The first trades of the day, as a feed with source and seq sends them."""
    frame = (
        pl.scan_parquet(DAY)
        .head(rows)
        .select(
            "symbol",
            pl.col("ts_event").dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
            pl.col("price").cast(pl.String),
            "currency",
            "exchange",
            "volume",
            "seq",
            pl.lit("day").alias("source"),
        )
        .collect()
    )
    return [(row["symbol"].encode(), msgspec.json.encode(row)) for row in frame.iter_rows(named=True)]


def event(symbol: str, seq: int, **changes: Any) -> bytes:
    fields = {
        "symbol": symbol,
        "ts_event": "2013-10-07T13:30:00Z",
        "price": "10.5",
        "currency": "USD",
        "exchange": "NYSE",
        "volume": 1,
        "source": "test",
        "seq": seq,
    }
    return msgspec.json.encode(fields | changes)


BAD: dict[str, bytes | None] = {
    "not_json": b"{",
    "missing_field": b"{}",
    "wrong_type": event("AIG", 1, price=True),
    "not_finite": event("AIG", 1, price="NaN"),
    "price_not_positive": event("AIG", 1, price=0),
    "negative_volume": event("AIG", 1, volume=-1),
    "unknown_symbol": event("NONE", 1),
    "unknown_currency": event("AIG", 1, currency="QQQ"),
    "currency_mismatch": event("AIG", 1, currency="EUR"),
    "unknown_exchange": event("AIG", 1, exchange="MOON"),
    "time_without_zone": event("AIG", 1, ts_event="2013-10-07T13:30:00"),
    "time_out_of_range": event("AIG", 1, ts_event="2099-01-01T00:00:00Z"),
    "message_too_large": b"x" * 999_000,
}


def test_good_events_pass_and_bad_ones_become_dead_letters(bus: Bus, start: Start) -> None:
    good = [(b"AIG", event("AIG", seq)) for seq in range(100)]
    bad = [(b"any", value) for value in BAD.values()]
    bus.send([*good[:50], *bad, (None, None), *good[50:], *good[:10]])
    process = start()
    expected = {"received": 124, "accepted": 100, "duplicate": 10, **dict.fromkeys(BAD, 1), "not_json": 2}
    assert bus.wait_received(124) == expected
    assert sorted(tick.seq for tick in bus.ticks()) == list(range(100))

    letters = bus.letters()
    assert Counter(said.reason for _, said in letters) == Counter([*BAD, "not_json"])
    whole = {record.value for record, said in letters if said.reason != "message_too_large"}
    assert whole == {None, *(value for name, value in BAD.items() if name != "message_too_large")}
    (huge,) = [record for record, said in letters if said.reason == "message_too_large"]
    assert huge.value == b"x" * 65_536

    page = eventually(lambda: metrics_of(process), lambda text: ACCEPTED in text)
    assert 'tapeline_dlq_records_total{reason="not_finite",topic="marketdata.ticks.rejected.v1"} 1.0' in page


def metrics_of(process: Any) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{process.port}/metrics", timeout=5) as answer:
        return answer.read().decode()


def test_kill_9_in_mid_stream_loses_and_doubles_nothing(bus: Bus, start: Start) -> None:
    events = disordered(real_events(ROWS))
    process = start()
    for part in range(3):
        kill_in_mid_batch(bus, process, events[part::4])
        process = start()
    bus.send(events[3::4])
    all_taken_in_once(bus, events)


def test_a_killed_broker_is_waited_for(
    bus: Bus, start: Start, running_broker: tuple[Broker, ChildProcess]
) -> None:
    events = disordered(real_events(ROWS))
    ingestor = start()
    bus.send(events[::2])
    bus.wait_received(1)
    broker, process = running_broker
    process.kill()
    process.start_again()
    process.wait_ready(broker.is_ready)
    bus.send(events[1::2])
    all_taken_in_once(bus, events)
    assert ingestor.process.poll() is None


def all_taken_in_once(bus: Bus, events: list[tuple[bytes | None, bytes | None]]) -> None:
    """What `disordered` made is counted to the unit, and on the topics once."""
    counts = bus.wait_received(len(events))
    repeated = len(events) - ROWS - ROWS // 200
    assert counts == {
        "received": len(events),
        "accepted": ROWS,
        "duplicate": repeated,
        "not_json": ROWS // 200,
    }
    ids = [tick.tick_id for tick in bus.ticks()]
    assert len(ids) == len(set(ids)) == ROWS
    places = [(said.partition, said.offset) for _, said in bus.letters()]
    assert len(places) == len(set(places)) == ROWS // 200


def kill_in_mid_batch(
    bus: Bus, process: ChildProcess, events: list[tuple[bytes | None, bytes | None]]
) -> None:
    """kill -9 with outputs on the topics that no commit accounts for yet, and with events that wait."""
    bus.wait_received(bus.sent)
    os.kill(process.pid, signal.SIGSTOP)
    bus.send(events)
    while not bus.unaccounted():
        assert bus.counts()["received"] < bus.sent, "it was never seen between sending and committing"
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.005)
        os.kill(process.pid, signal.SIGSTOP)
    process.kill()
    assert bus.counts()["received"] < bus.sent


def disordered(events: list[tuple[bytes, bytes]]) -> list[tuple[bytes | None, bytes | None]]:
    """Every hundredth event twice, and one malformed event in two hundred."""
    mixed: list[tuple[bytes | None, bytes | None]] = []
    for number, (key, value) in enumerate(events):
        mixed.append((key, value))
        if number % 100 == 99:
            mixed.append((key, value))
        if number % 200 == 199:
            mixed.append((key, value[:-5]))
    return mixed


def test_instances_share_the_partitions_and_one_may_die(bus: Bus, start: Start) -> None:
    events = real_events(ROWS)
    first = start()
    bus.send(events[: ROWS // 2])
    bus.wait_received(ROWS // 10)
    second = start("second")
    eventually(lambda: second.log_file.read_text(), lambda text: "state_restored" in text)
    os.kill(first.pid, signal.SIGSTOP)
    bus.send(events[ROWS // 2 :])
    first.kill()
    assert bus.counts()["received"] < ROWS, "its share of the second half is left to the other one"
    assert bus.wait_received(ROWS) == {"received": ROWS, "accepted": ROWS}
    ids = [tick.tick_id for tick in bus.ticks()]
    assert len(ids) == len(set(ids)) == ROWS


def test_a_symbol_becomes_known_while_running_and_its_dead_letters_can_be_replayed(
    bus: Bus, start: Start
) -> None:
    start()
    bus.send([(b"NEW", event("NEW", 1))])
    assert bus.wait_received(1) == {"received": 1, "unknown_symbol": 1}
    bus.load("NEW")
    ((letter, _),) = bus.letters()

    def replayed() -> int:
        bus.send([(letter.key, letter.value)])
        return bus.counts()["accepted"]

    eventually(replayed, lambda accepted: accepted >= 1)
    assert {tick.symbol for tick in bus.ticks()} == {"NEW"}
