"""The live path on a real broker and real ticks: exact bars, also when it is killed on the way."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from bar_aggregator.live import GROUP
from chassis.bus import Output
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed, end_offsets
from chassis.table import read_table
from contracts import Bar, Tick, topics
from contracts.admin import create_topics
from contracts.codec import decoder, encode
from testkit import embedded
from testkit.oracles import OracleBar, five_minute_bars
from testkit.processes import ChildProcess
from testkit.waiting import eventually

DAY = Path(__file__).resolve().parents[3] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
ROWS = 100_000
PROGRAM = """
import sys
from bar_aggregator.live import HEALTH_NAME, LivePath
from chassis.clock import SystemClock
from chassis.health import Health
from chassis.shutdown import StopSignal
LivePath(sys.argv[1], Health(HEALTH_NAME), SystemClock()).run(StopSignal().listen())
"""

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker of its own, since topics and groups have fixed names."""
    with embedded.running_broker(tmp_path) as (running, _):
        create_topics(running.bootstrap)
        yield running.bootstrap


@pytest.fixture
def first_ticks(tmp_path: Path) -> Path:
    """The first trades of the day as a file of their own."""
    path = tmp_path / "ticks.parquet"
    pl.scan_parquet(DAY).head(ROWS).collect().write_parquet(path)
    return path


def send(bootstrap: str, ticks: Path, first: int, last: int) -> None:
    """Write rows `first` to `last` as the ingestor does."""
    publisher = Publisher(new_producer(bootstrap, "test"))
    rows = pl.read_parquet(ticks).with_columns(
        pl.col("ts_event").dt.timestamp("us").alias("ts_event_us"),
        (pl.col("price").cast(pl.Decimal(38, 8)) * 100_000_000).cast(pl.Int64).alias("price_e8"),
    )
    for offset, row in enumerate(rows[first:last].iter_rows(named=True), start=first):
        tick = Tick(
            tick_id=f"day/{row['symbol']}/{row['seq']}",
            ts_ingest_us=row["ts_event_us"],
            raw_partition=0,
            raw_offset=offset,
            **{name: row[name] for name in SAME},
        )
        publisher.send(Output(topics.TICKS.name, encode(tick), row["symbol"].encode()))
    publisher.flush()


SAME = ("symbol", "ts_event_us", "price_e8", "currency", "exchange", "volume", "seq")


def bars_on(bootstrap: str, status: str) -> list[Bar]:
    bars = (decoder(Bar).decode(one.value or b"") for one in read_table(bootstrap, topics.BARS.name))
    return [bar for bar in bars if bar.status == status]


def unread(bootstrap: str) -> int:
    """Ticks after the committed offsets, which are those of the oldest open windows."""
    consumer = new_consumer(bootstrap, GROUP)
    try:
        known = committed(consumer, topics.TICKS.name)
        ends = end_offsets(consumer, topics.TICKS.name)
        assert known, "nothing was committed: it was killed before it began"
        return sum(end - known.get(number, (0, ""))[0] for number, end in ends.items())
    finally:
        consumer.close()


def numbers(bar: Bar) -> OracleBar:
    return OracleBar(bar.open, bar.high, bar.low, bar.close, bar.vwap, bar.volume, bar.trades)


def test_provisional_bars_are_exact_although_the_process_is_killed_on_the_way(
    broker: str, first_ticks: Path, tmp_path: Path, child_environment: dict[str, str]
) -> None:
    expected = five_minute_bars(first_ticks)
    newest = max(start for _, start in expected)
    closed = {key: bar for key, bar in expected.items() if key[1] < newest}

    def start(name: str) -> ChildProcess:
        command = [sys.executable, "-c", PROGRAM, broker]
        return ChildProcess(name, command, tmp_path / f"{name}.log", child_environment)

    send(broker, first_ticks, 0, ROWS // 2)
    process = start("first")
    eventually(lambda: len(found(broker)) > len(closed) // 4)
    process.kill()
    assert unread(broker) > 0, "windows were open: the next process has to read them again"
    send(broker, first_ticks, ROWS // 2, ROWS)
    process = start("second")
    try:
        eventually(lambda: len(found(broker)) >= len(closed))
        eventually(lambda: {bar.window_start for bar in bars_on(broker, "forming")} >= {newest})
    finally:
        assert process.stop() == 0, process.log_tail()
    assert {key: numbers(bar) for key, bar in found(broker).items()} == closed
    # Before and after the kill a window may be reported twice, never differently.
    for bar in bars_on(broker, "provisional"):
        assert numbers(bar) == closed[bar.symbol, bar.window_start]


def found(bootstrap: str) -> dict[tuple[str, datetime], Bar]:
    return {(bar.symbol, bar.window_start): bar for bar in bars_on(bootstrap, "provisional")}
