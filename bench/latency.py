"""From a tick on Kafka to a portfolio value, and to its VaR, on Kafka, with the whole platform running."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import httpx
import msgspec
from confluent_kafka import TopicPartition

from bench.rows import Row, percentile
from bench.stack import producer, running_platform
from chassis.clock import SystemClock
from chassis.kafka import consume_now, new_consumer
from chassis.offsets import end_offsets
from contracts import topics

RATE = 5000
WARM_UP_S, MEASURED_S = 10, 30
PATH = f"tick on Kafka to portfolio value on Kafka, {RATE:,} ticks/s, all services and Bronze running"
RISK_PATH = "the same to VaR on Kafka"
SSE_PATH = "the same to VaR through SSE (GET /v1/stream, interval 50 ms)"
P50_TARGET_MS, P99_TARGET_MS, SSE_P99_TARGET_MS = 25.0, 100.0, 250.0
NOTE = (
    "Open loop: the simulator sends by the clock. A sample is one tick and one portfolio that holds its "
    "symbol, from the tick's time on the raw topic to the first value (or VaR) at the reader that has this "
    "tick's price or a later one."
)


class Tick(NamedTuple):
    ts_event: datetime
    sent_us: int


class Sighting(NamedTuple):
    """A message about a portfolio, when it was read, and how new the price of each symbol in it is."""

    read_us: int
    portfolio_id: str
    price_as_of: dict[str, datetime]


class RawHead(msgspec.Struct):
    symbol: str
    ts_event: datetime


class PositionHead(msgspec.Struct):
    symbol: str
    price_as_of: datetime | None = None


class ValuationHead(msgspec.Struct):
    valuation_id: str
    portfolio_id: str
    basis: str
    positions: list[PositionHead]


class RiskHead(msgspec.Struct):
    valuation_id: str
    portfolio_id: str


@dataclass
class Recording:
    """Bytes as they came; decoding waits until the load is over."""

    raw: list[tuple[int, bytes]] = field(default_factory=list)
    valuations: list[tuple[int, bytes]] = field(default_factory=list)
    risks: list[tuple[int, bytes]] = field(default_factory=list)
    streamed: list[tuple[int, bytes]] = field(default_factory=list)
    """Risk events of the stream: the JSON of each."""

    def ticks(self) -> dict[str, list[Tick]]:
        decode = msgspec.json.Decoder(RawHead).decode
        found: dict[str, list[Tick]] = defaultdict(list)
        for sent_us, value in self.raw:
            head = decode(value)
            found[head.symbol].append(Tick(head.ts_event, sent_us))
        return {symbol: sorted(ticks) for symbol, ticks in found.items()}

    def values(self) -> dict[str, Sighting]:
        """Live valuations by id, in the order they were read."""
        decode = msgspec.json.Decoder(ValuationHead).decode
        found = {}
        for read_us, value in self.valuations:
            head = decode(value)
            if head.basis == "last":
                as_of = {one.symbol: one.price_as_of for one in head.positions if one.price_as_of}
                found[head.valuation_id] = Sighting(read_us, head.portfolio_id, as_of)
        return found

    def risk_sightings(self, risks: list[tuple[int, bytes]], values: dict[str, Sighting]) -> list[Sighting]:
        decode = msgspec.json.Decoder(RiskHead).decode
        heads = [(read_us, decode(value)) for read_us, value in risks]
        return [
            values[head.valuation_id]._replace(read_us=read_us)
            for read_us, head in heads
            if head.valuation_id in values
        ]


def measure(runs: int) -> list[Row]:
    """Rows of p50 and p99, one value per run of half a minute."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with running_platform() as platform:
        bootstrap = platform.client["kafka"]
        for _ in range(runs):
            recording = record(bootstrap, platform.client)
            ticks, values = recording.ticks(), recording.values()
            for path, sightings in (
                (PATH, values.values()),
                (RISK_PATH, recording.risk_sightings(recording.risks, values)),
                (SSE_PATH, recording.risk_sightings(recording.streamed, values)),
            ):
                samples = latencies_ms(ticks, sightings)
                found[path, "p50"].append(percentile(samples, 0.50))
                found[path, "p99"].append(percentile(samples, 0.99))
    targets = {
        (PATH, "p50"): P50_TARGET_MS,
        (PATH, "p99"): P99_TARGET_MS,
        (SSE_PATH, "p99"): SSE_P99_TARGET_MS,
    }
    return [
        Row(path=path, subject=name, unit="ms", values=tuple(ms), target=targets.get((path, name)), note=NOTE)
        for (path, name), ms in found.items()
    ]


def record(bootstrap: str, client: dict[str, str]) -> Recording:
    """Send the simulated market and read the topics and the stream beside it, without the warm-up."""
    recording, stop = Recording(), threading.Event()
    started_us = SystemClock().now_us() + WARM_UP_S * 1_000_000
    reader = threading.Thread(target=_read, args=(bootstrap, recording, stop, started_us))
    follower = threading.Thread(target=_follow, args=(client, recording, stop, started_us))
    reader.start()
    follower.start()
    producer(bootstrap, "simulate", "--rate", RATE, "--seconds", WARM_UP_S + MEASURED_S)
    time.sleep(2)  # the last values are still on their way
    stop.set()
    reader.join()
    follower.join()
    return recording


def latencies_ms(ticks: dict[str, list[Tick]], sightings: Iterable[Sighting]) -> list[float]:
    """One sample per tick and portfolio that shows its symbol; ticks that were never seen have none."""
    seen = dict[tuple[str, str], int]()
    samples = []
    for sighting in sorted(sightings, key=lambda one: one.read_us):
        for symbol, as_of in sighting.price_as_of.items():
            waiting = ticks.get(symbol, [])
            place = seen.get((sighting.portfolio_id, symbol), 0)
            while place < len(waiting) and waiting[place].ts_event <= as_of:
                samples.append((sighting.read_us - waiting[place].sent_us) / 1e3)
                place += 1
            seen[sighting.portfolio_id, symbol] = place
    return samples


def _read(bootstrap: str, recording: Recording, stop: threading.Event, started_us: int) -> None:
    clock = SystemClock()
    into = {
        topics.TICKS_RAW.name: recording.raw,
        topics.VALUATIONS.name: recording.valuations,
        topics.RISK.name: recording.risks,
    }
    consumer = new_consumer(bootstrap, "bench-latency")
    ends = {topic: end_offsets(consumer, topic) for topic in into}
    consumer.assign(
        [TopicPartition(topic, n, end) for topic, found in ends.items() for n, end in found.items()]
    )
    while not stop.is_set():
        for message in consume_now(consumer, 1000, 0.1):
            now_us = clock.now_us()
            if message.error() is None and now_us >= started_us:
                topic, value = message.topic() or "", message.value() or b""
                sent_us = message.timestamp()[1] * 1000
                into[topic].append((sent_us if topic == topics.TICKS_RAW.name else now_us, value))
    consumer.close()


def _follow(client: dict[str, str], recording: Recording, stop: threading.Event, started_us: int) -> None:
    """Keep the risk events of the stream with the time they were read."""
    clock = SystemClock()
    url = client["api_url"] + "/v1/stream?topics=risk&interval_ms=50"
    with httpx.stream("GET", url, headers={"X-API-Key": client["api_key"]}, timeout=30) as answer:
        name = ""
        for line in answer.iter_lines():
            now_us = clock.now_us()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "risk" and now_us >= started_us:
                recording.streamed.append((now_us, line.removeprefix("data: ").encode()))
            if stop.is_set():
                return
