"""The whole Silver job on a real broker and database, cut off after every step and repeated."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import psycopg
import pytest
from pyspark.sql import SparkSession

from bar_aggregator import silver_job
from bar_aggregator.adapters.bar_store import AnotherRunner, BarStore
from bar_aggregator.adapters.reference import Reference
from bar_aggregator.core.closing import ClosingRule
from bar_aggregator.silver_job import JobResult, SilverJob
from chassis.clock import FixedClock, SystemClock, from_us
from chassis.kafka import Publisher, new_producer
from chassis.table import read_table
from contracts import Bar, topics
from contracts.admin import create_topics
from contracts.codec import decoder
from jobs.bronze_ticks import BronzeTicks
from jobs.lake import Lake
from jobs.revisions import ReportingRule
from jobs.silver_bars import WINDOW_US
from jobs.silver_run import SilverRun
from jobs.touched_windows import TouchedWindows
from testkit.bronze import messages, tick

pytestmark = pytest.mark.integration
T0 = 1_381_150_000_000_000 - 1_381_150_000_000_000 % WINDOW_US
QUIET_US = 60_000_000
STEPS = [
    "silver-after-touched",
    "silver-after-merge",
    "silver-after-kafka",
    "silver-after-postgres",
    "silver-after-forget",
]


class CutOff(Exception):
    """Stands for kill -9 at a crash point."""


class Stage:
    """Bronze with ticks of one symbol, and jobs over it, each as a new process would build it."""

    def __init__(self, spark: SparkSession, lake: Lake, kafka: str, dsn: str, symbol: str) -> None:
        self.spark, self.lake, self.kafka, self.dsn, self.symbol = spark, lake, kafka, dsn, symbol
        self.bronze = BronzeTicks(spark, lake)
        self.sent = 0
        self.finals: list[Bar] = []
        self.clock = FixedClock(SystemClock().now_us())

    def send(self, *times_us: int) -> None:
        ticks = [
            tick(number, time_us, symbol=self.symbol, tick_id=f"feed/{self.symbol}/{number}")
            for number, time_us in enumerate(times_us, self.sent)
        ]
        self.bronze.write(messages(self.spark, ticks, first=self.sent), "query", self.sent)
        self.sent += len(ticks)

    def job(self) -> SilverJob:
        return SilverJob(
            SilverRun(self.spark, self.lake, ReportingRule()),
            TouchedWindows(self.lake),
            self.store,
            Publisher(new_producer(self.kafka, "test")),
            Reference(),
            lambda: self.bronze.progress,
            self.finals.append,
            ClosingRule(QUIET_US),
            self.clock,
        )

    def __enter__(self) -> "Stage":
        self.store = BarStore(self.dsn)
        return self

    def __exit__(self, *error: object) -> None:
        self.store.close()

    def run(self, only_complete: bool = False, again_from: date | None = None) -> JobResult:
        return self.job().run(only_complete=only_complete, again_from=again_from)

    def stored(self, columns: str, relation: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(f"SELECT {columns} FROM {relation} ORDER BY 1, 2").fetchall()

    def published(self) -> set[bytes]:
        """Distinct messages of the symbol on the bars topic."""
        records = read_table(self.kafka, topics.BARS.name)
        return {record.value or b"" for record in records if record.key == self.symbol.encode()}


@pytest.fixture
def stage(spark: SparkSession, lake: Lake, kafka: str, fresh_postgres: str, topic_name: str) -> Any:
    create_topics(kafka)
    with Stage(spark, lake, kafka, fresh_postgres, topic_name.rpartition(".")[2].upper()) as made:
        yield made


def cut_off_at(step: str) -> Callable[[str], None]:
    def crash_point(name: str) -> None:
        if name == step:
            raise CutOff(name)

    return crash_point


def test_a_job_cut_off_after_any_step_is_finished_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each window's run is cut off one step later than the last one's, and finishes that one on its way.

    First the bars, then their corrections by a late tick each.
    """
    for late in (0, 1):
        for place, step in enumerate(STEPS):
            stage.send(T0 + place * WINDOW_US + late)
            with monkeypatch.context() as patched:
                patched.setattr(silver_job, "crash_point", cut_off_at(step))
                with pytest.raises(CutOff):
                    stage.run()
        stage.run()
    assert stage.run().windows == 0

    expected = [(revision, revision) for _ in STEPS for revision in (1, 2)]
    assert sorted(stage.stored("revision, trades", "ops.price_bar")) == sorted(expected)
    restated = stage.stored("row_key, revision, was, became, evidence", "ops.restatement")
    assert [(row[1], row[2]["trades"], row[3]["trades"]) for row in restated] == [(2, 1, 2)] * len(STEPS)
    assert [row[4]["tick_ids"] for row in restated] == [
        [f"feed/{stage.symbol}/{number}"] for number in range(len(STEPS), stage.sent)
    ]
    # Kafka may carry a bar twice, but never two versions of one revision.
    bars = [decoder(Bar).decode(value) for value in stage.published()]
    assert sorted((bar.window_start, bar.revision) for bar in bars) == [
        (row[0], row[1]) for row in stage.stored("window_start, revision", "ops.price_bar")
    ]


def test_two_runs_at_once_make_each_bar_once(stage: Stage) -> None:
    stage.send(*(T0 + place * WINDOW_US for place in range(4)))
    job = stage.job()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(job.run, only_complete=False) for _ in range(2)]
    assert sorted(one.result().bars_new for one in both) == [0, 4]
    assert len(stage.stored("window_start, revision", "ops.price_bar")) == 4


def test_another_process_with_the_lock_is_not_joined(stage: Stage, fresh_postgres: str) -> None:
    other = BarStore(fresh_postgres)
    try:
        with other.job_lock(), pytest.raises(AnotherRunner):
            stage.run()
        assert stage.run().status == "done"
    finally:
        other.close()


def test_the_timer_waits_for_windows_that_still_get_ticks(stage: Stage) -> None:
    stage.clock.ts_us = SystemClock().now_us()
    stage.send(T0, T0 + WINDOW_US)
    timed = stage.run(only_complete=True)
    assert (timed.windows, timed.waiting) == (1, 1)
    stage.clock.ts_us = SystemClock().now_us() + QUIET_US
    assert stage.run(only_complete=True).windows == 1


def test_a_window_that_is_not_over_is_left_alone(stage: Stage) -> None:
    stage.send(T0)
    stage.clock.ts_us = T0 + WINDOW_US - 1
    assert stage.run().windows == 0
    stage.clock.ts_us = T0 + WINDOW_US
    assert stage.run().bars_new == 1
    assert [bar.revision for bar in stage.finals] == [1]


def test_bars_that_the_database_lost_come_back_as_they_were(stage: Stage, fresh_postgres: str) -> None:
    """As after a backup was restored: Silver has bars, and a correction, that PostgreSQL has not."""
    stage.send(T0, T0 + WINDOW_US)
    stage.run()
    stage.send(T0 + 1)
    stage.run()
    everything = {relation: stage.stored("*", relation) for relation in ("ops.price_bar", "ops.restatement")}
    with psycopg.connect(fresh_postgres) as connection:
        for relation in everything:
            connection.execute(f"ALTER TABLE {relation} DISABLE TRIGGER USER")  # type: ignore[arg-type]
        connection.execute("DELETE FROM ops.restatement")
        connection.execute("DELETE FROM ops.price_bar WHERE revision = 2 OR window_start > %s", [from_us(T0)])
    assert stage.run().bars_published == 0

    mended = stage.run(again_from=from_us(T0).date())
    assert (mended.windows, mended.bars_new, mended.bars_revised, mended.bars_published) == (2, 0, 0, 2)
    for relation, rows in everything.items():
        assert stage.stored("*", relation) == rows
    assert stage.run(again_from=from_us(T0).date()).bars_published == 0
