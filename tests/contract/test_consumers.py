"""Every consumer takes every example of every topic it reads.

A new consumer adds one line to CONSUMERS: service -> topic -> what it does with one record. Each returns
whether the record had its effect, so that a consumer which swallows what it cannot read does not pass.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from msgspec import structs

from api_gateway.core.view import View
from api_gateway.handlers import handle as gateway_handle
from bar_aggregator.adapters.reference import Reference
from bar_aggregator.core.compare import RecentBars
from bar_aggregator.core.watermark import Watermark
from bar_aggregator.handlers import LiveBars
from chassis.bus import Record
from chassis.clock import FixedClock
from contract_tools.examples import Example, read_examples
from contracts import Instrument, Tick, Topic, Valuation, topics
from contracts.codec import decoder
from measuring.core.history import DailyHistory
from risk.core.state import RiskState
from risk.handlers import RiskHandler
from tick_ingestor.adapters.instruments import apply as apply_instrument
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.handlers import Ingestor
from valuation.core.state import State
from valuation.handlers import handle as valuation_handle

EXAMPLES = list(read_examples())
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000

Take = Callable[[Record], bool]


def ticks_of(record: Record) -> list[Tick]:
    table = InstrumentTable()
    for example in EXAMPLES:
        if example.topic is topics.INSTRUMENTS:
            table.apply(decoder(Instrument).decode(example.value))
    ingestor = Ingestor(Normaliser(table, 65_536, 1_000_000), RecentIds(10), FixedClock(NOW_US))
    ingestor.take_over(record.partition, 0, "")
    return [decoder(Tick).decode(output.value or b"") for output in ingestor.handle([record]).ticks]


def ingest(record: Record) -> bool:
    return len(ticks_of(record)) == 1


def know_instrument(record: Record) -> bool:
    table = InstrumentTable()
    apply_instrument(table, record)
    return (record.key or b"").decode() in table.listings


def build_bars(record: Record) -> bool:
    live = LiveBars(FixedClock(NOW_US), Watermark(2_000_000, 1.0), 1.0, RecentBars(10))
    live.restore({}, [record.partition])
    live.handle([record])
    return len(live.on_turn()) == 1


def know_pair(record: Record) -> bool:
    """An instrument is known as a currency pair when it is one."""
    reference = Reference()
    reference.apply(record)
    is_pair = decoder(Instrument).decode(record.value or b"").asset_class == "fx"
    return ((record.key or b"").decode() in reference.fx_symbols()) is is_pair


def know_rate(record: Record) -> bool:
    reference = Reference()
    reference.apply(record)
    return len(reference.daily_rates().as_of(NOW_US)) == 1


def value(record: Record) -> bool:
    valuation_handle(State(), record)
    return True


def measure(record: Record) -> bool:
    handler = RiskHandler(RiskState(DailyHistory("empty"), "USD"))
    effects = handler.handle([decoder(Valuation).decode(record.value or b"")], NOW)
    return len(effects.outputs()) > 0


def serve(record: Record) -> bool:
    before, after = View(), View()
    gateway_handle(after, record.topic, record.key, record.value)
    return before != after


CONSUMERS: dict[str, dict[Topic, Take]] = {
    "tick-ingestor": {topics.TICKS_RAW: ingest, topics.INSTRUMENTS: know_instrument},
    "bar-aggregator": {topics.TICKS: build_bars, topics.INSTRUMENTS: know_pair, topics.FX_RATES: know_rate},
    "valuation": dict.fromkeys(
        (
            topics.TICKS,
            topics.BARS,
            topics.POSITIONS,
            topics.INSTRUMENTS,
            topics.PORTFOLIOS,
            topics.FX_RATES,
            topics.TRADES,
        ),
        value,
    ),
    "risk": {topics.VALUATIONS: measure},
    "api-gateway": dict.fromkeys(
        (
            topics.VALUATIONS,
            topics.RISK,
            topics.LIMIT_EVENTS,
            topics.BARS,
            topics.POSITIONS,
            topics.INSTRUMENTS,
            topics.PORTFOLIOS,
        ),
        serve,
    ),
}
# Spark keeps the original bytes of a dead letter without looking into them.
OPAQUE = {("bar-aggregator", topics.TICKS_REJECTED.name)}


def as_record(example: Example) -> Record:
    return Record(example.topic.name, 0, 7, example.key, example.value, list(example.headers), NOW_US)


@cache
def cases() -> list[tuple[str, Example, Take]]:
    return [
        (service, example, take)
        for service, table in CONSUMERS.items()
        for topic, take in table.items()
        for example in EXAMPLES
        if example.topic is topic
    ]


@pytest.mark.parametrize(
    ("service", "example", "take"),
    cases(),
    ids=lambda v: f"{v.topic.name}/{v.name}" if isinstance(v, Example) else "",
)
def test_a_consumer_takes_every_example(service: str, example: Example, take: Take) -> None:
    assert take(as_record(example)), f"{service} read {example.name} of {example.topic.name} without effect"


def test_the_table_names_every_consumer_of_every_live_topic() -> None:
    told = {(service, topic.name) for service, table in CONSUMERS.items() for topic in table} | OPAQUE
    declared = {
        (service, topic.name)
        for topic in topics.ALL
        if topic.lifecycle == "live"
        for service in topic.consumers
    }
    assert told == declared


def test_the_ingestor_makes_the_tick_examples_from_the_raw_examples() -> None:
    raw = {example.name: as_record(example) for example in EXAMPLES if example.topic is topics.TICKS_RAW}
    expected = {example.name: example.value for example in EXAMPLES if example.topic is topics.TICKS}
    assert expected.keys() <= raw.keys()
    for name, value in expected.items():
        (made,) = ticks_of(raw[name])
        wanted = decoder(Tick).decode(value)
        # Where and when it was taken in is another matter in every run.
        ours = dict.fromkeys(("ts_ingest_us", "raw_partition", "raw_offset"), 0)
        assert structs.replace(made, **ours) == structs.replace(wanted, **ours), name
