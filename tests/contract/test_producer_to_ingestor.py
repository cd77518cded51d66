"""What the producer sends is what the ingestor takes; what it breaks is refused for the reason it names."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from chassis.bus import Record
from chassis.clock import FixedClock, to_us
from contracts import Instrument, RejectReason, topics
from producer.adapters.calibration import load_market
from producer.core.events import Event
from producer.core.faults import Faults
from producer.core.malformed import REASONS, break_event
from producer.core.pacing import FOREVER_US
from producer.core.replay import normalise
from producer.core.simulator import SimulationPlan, Simulator
from producer.handlers import ReplayFeed, SimulatorFeed
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.handlers import Decisions, Ingestor

DATA = Path(__file__).resolve().parents[2] / "data"
NOW_US = to_us(datetime(2026, 1, 5, 15, tzinfo=UTC))


def demo_instruments() -> InstrumentTable:
    table = InstrumentTable()
    for row in pl.read_csv(DATA / "demo" / "instruments.csv").iter_rows(named=True):
        known = {name: row[name] for name in ("symbol", "name", "asset_class", "currency", "exchange")}
        table.apply(Instrument(**known, recorded_at=datetime(2026, 1, 1, tzinfo=UTC)))
    return table


def ingested(events: list[Event]) -> Decisions:
    ingestor = Ingestor(
        Normaliser(demo_instruments(), 65_536, 1_000_000), RecentIds(1_000_000), FixedClock(NOW_US)
    )
    ingestor.take_over(0, 0, "")
    return ingestor.handle(
        [
            Record(topics.TICKS_RAW.name, 0, offset, event.key, event.value, None, NOW_US)
            for offset, event in enumerate(events)
        ]
    )


def reason_of(decisions: Decisions) -> str:
    headers = dict(decisions.dead_letters[0].headers or [])
    return headers["dlq.reason"].decode()


@pytest.mark.parametrize("name", ["us-equity-trades-2013-10-07", "fx-quotes-2014-05-05"])
def test_every_real_tick_is_accepted_once(name: str) -> None:
    rows = normalise(pl.read_parquet(DATA / "ticks" / f"{name}.parquet").sample(20_000, seed=1), name)
    feed = ReplayFeed(rows, Faults(duplicate_share=0.1), seed=2)
    decisions = ingested(feed.take(FOREVER_US, 100_000))
    assert len(decisions.ticks) == 20_000
    assert len(feed) > 21_000
    assert decisions.dead_letters == []


def test_every_simulated_tick_is_accepted() -> None:
    start_us = NOW_US - 20_000_000
    simulator = Simulator(load_market(), SimulationPlan(seed=1, start_us=start_us))
    feed = SimulatorFeed(simulator, Faults(), 1, end_us=NOW_US)
    events = feed.take(FOREVER_US, 100_000)
    decisions = ingested(events)
    assert len(decisions.ticks) == len(events) == 10_000
    assert decisions.dead_letters == []


@pytest.mark.parametrize(("turn", "reason"), list(enumerate(REASONS)))
def test_each_broken_event_is_refused_for_its_reason(turn: int, reason: RejectReason) -> None:
    simulator = Simulator(load_market(), SimulationPlan(seed=1, start_us=NOW_US - 1_000_000))
    good = SimulatorFeed(simulator, Faults(), 1).take(NOW_US, 1)[0]
    decisions = ingested([Event(good.key, break_event(good.value, turn))])
    assert decisions.ticks == []
    assert reason_of(decisions) == reason
