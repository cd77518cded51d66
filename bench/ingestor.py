"""tick-ingestor: decode, validate, de-duplicate, publish, with a real broker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psutil
import stamina
from confluent_kafka import Consumer, KafkaException

from bench.rows import Row
from bench.stack import home, producer, wait_until
from chassis.bus import Output
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed, end_offsets
from contracts import Instrument, topics
from contracts.admin import create_topics
from contracts.codec import encode
from testkit import embedded

DATA = Path(__file__).resolve().parents[1] / "data"
TRADES = DATA / "ticks" / "us-equity-trades-2013-10-07.parquet"
PATH = "tick-ingestor, decode + validate + de-duplicate + publish"
GROUP = "tick-ingestor"
TARGET_PER_CORE = 150_000


def measure(runs: int) -> list[Row]:
    """The whole equity day as a backlog, once per run, each time as another feed."""
    per_core, per_second = [], []
    with home() as directory, embedded.running_broker(directory, short_lived=False) as (broker, _):
        create_topics(broker.bootstrap)
        load_instruments(broker.bootstrap)
        for run in range(runs + 1):
            ticks, used_s, wall_s = one_run(broker.bootstrap, f"run-{run}", directory)
            if run:  # the first warms the broker and the file cache
                per_core.append(ticks / used_s)
                per_second.append(ticks / wall_s)
    note = (
        "Real trades of 2013-10-07; per core = ticks by the CPU time of the process, client threads "
        "included, from its first to its last commit; per second = broker and ingestor on the same cores."
    )
    return [
        Row(
            path=PATH,
            subject="tick-ingestor, per core",
            unit="ticks/s",
            values=tuple(per_core),
            target=TARGET_PER_CORE,
            higher_is_better=True,
            note=note,
        ),
        Row(path=PATH, subject="tick-ingestor, per second", unit="ticks/s", values=tuple(per_second)),
    ]


def load_instruments(bootstrap: str) -> None:
    publisher = Publisher(new_producer(bootstrap, "bench"))
    for row in pl.read_csv(DATA / "demo" / "instruments.csv").iter_rows(named=True):
        instrument = Instrument(
            symbol=row["symbol"],
            name=row["name"],
            asset_class=row["asset_class"],
            currency=row["currency"],
            exchange=row["exchange"],
            recorded_at=datetime.now(UTC),
        )
        publisher.send(Output(topics.INSTRUMENTS.name, encode(instrument), instrument.symbol.encode()))
    publisher.flush()


def one_run(bootstrap: str, source: str, directory: Path) -> tuple[int, float, float]:
    """(ticks, CPU seconds, seconds) to take in one backlog."""
    producer(bootstrap, "replay", TRADES, "--source", source, "--json")
    watcher = new_consumer(bootstrap, GROUP)
    try:
        ends = end_offsets(watcher, topics.TICKS_RAW.name)
        before = progress(watcher)
        with ingestor(bootstrap, directory) as process:
            wait_until(lambda: progress(watcher) > before, every_s=0.02)
            first, started = progress(watcher), time.monotonic()
            cpu_started_s = cpu_s(process)
            wait_until(lambda: progress(watcher) == sum(ends.values()), every_s=0.02)
            ticks = sum(ends.values()) - first
            return ticks, cpu_s(process) - cpu_started_s, time.monotonic() - started
    finally:
        watcher.close()


@stamina.retry(on=KafkaException, timeout=30)  # a new broker first has to make its offsets topic
def progress(watcher: Consumer) -> int:
    """Sum of the group's committed offsets of the raw topic."""
    return sum(offset for offset, _ in committed(watcher, topics.TICKS_RAW.name).values())


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextmanager
def ingestor(bootstrap: str, directory: Path) -> Iterator[psutil.Process]:
    """A tick-ingestor process; it is stopped by SIGTERM at the end."""
    environment = os.environ | {
        "TAPELINE_KAFKA": bootstrap,
        "TAPELINE_STATE_DIR": str(directory / "ingestor"),
        "TAPELINE_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "tick_ingestor"], env=environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)
