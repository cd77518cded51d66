"""Bronze's own query on a real broker: cut off between table and commit, and behind what is deleted."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from bar_aggregator import bronze
from bar_aggregator.adapters.offsets import GROUP, BronzeOffsets
from bar_aggregator.adapters.spark_queries import WatchedQueries
from bar_aggregator.bronze import BRONZE, GIVE_UP_SETTING, BronzeQuery
from chassis import metrics
from chassis.bus import Output
from chassis.clock import SystemClock
from chassis.health import Health
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed
from contracts import topics
from contracts.admin import create_topics
from jobs.lake import Lake, read_table
from jobs.lost_ticks import TicksLost, parse
from testkit import embedded
from testkit.bronze import tick

pytestmark = pytest.mark.integration
WAIT_S = 300
T0 = 1_381_150_000_000_000
TOPIC = topics.TICKS.name


class CutOff(Exception):
    """Stands for kill -9 at a crash point."""


class Stage:
    """Ticks on partitions 0 and 1, and Bronze as each new process would start it."""

    def __init__(self, spark: SparkSession, lake: Lake, kafka: str) -> None:
        self.spark, self.lake, self.kafka = spark, lake, kafka
        self.offsets = BronzeOffsets(kafka)
        self.publisher = Publisher(new_producer(kafka, "test"))
        self.sent = 0
        self.running: StreamingQuery | None = None

    def send(self, count: int, partition: int = 0) -> None:
        for number in range(self.sent, self.sent + count):
            value = json.dumps(tick(number, T0 + number)).encode()
            self.publisher.send(Output(TOPIC, value, b"AAA", partition=partition))
        self.publisher.flush()
        self.sent += count

    def retention_deletes(self, until: int, partition: int = 0) -> None:
        place = TopicPartition(TOPIC, partition, until)
        admin = AdminClient({"bootstrap.servers": self.kafka})
        [done] = admin.delete_records([place]).values()
        assert done.result(timeout=10).low_watermark == until

    def start(self, give_up: str = "") -> BronzeQuery:
        query = BronzeQuery(
            self.kafka, self.lake, self.offsets, batch_max=1000, every_s=0.1, given_up=parse(give_up)
        )
        self.running = query.start(self.spark)
        return query

    def take_in(self) -> None:
        """Everything that is on the topic, then stop."""
        assert self.running is not None
        try:
            self.running.processAllAvailable()
        finally:
            self.running.stop()

    def rows(self) -> list[int]:
        return sorted(
            row.seq for row in read_table(self.spark, self.lake.bronze_ticks).select("seq").collect()
        )

    def watch(self, watched: WatchedQueries, until: dict[int, int]) -> None:
        """Let the queries run until these offsets are committed."""
        deadline = time.monotonic() + WAIT_S
        while self.committed() != until:
            assert time.monotonic() < deadline, f"not within {WAIT_S} s"
            watched.watch()
            time.sleep(0.2)

    def committed(self) -> dict[int, int]:
        consumer = new_consumer(self.kafka, GROUP)
        try:
            return {number: offset for number, (offset, _) in committed(consumer, TOPIC).items() if offset}
        finally:
            consumer.close()


@pytest.fixture
def stage(spark: SparkSession, lake: Lake, tmp_path: Path) -> Iterator[Stage]:
    """With a broker of its own, since topics and groups have fixed names."""
    with embedded.running_broker(tmp_path) as (running, _):
        create_topics(running.bootstrap)
        made = Stage(spark, lake, running.bootstrap)
        yield made
        if made.running is not None:
            made.running.stop()
        made.publisher.flush()
        made.offsets.close()


def test_a_batch_cut_off_before_its_commit_is_not_taken_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch over the queries starts it again, more than once where Spark itself fails (SPARK-55271)."""
    stage.send(3)
    cut_off = []

    def crash_point(name: str) -> None:
        # The first time is the start, where an empty table tells where it begins.
        if name == "bronze-after-write" and stage.running is not None and not cut_off:
            cut_off.append((stage.rows(), stage.committed()))
            raise CutOff(name)

    monkeypatch.setattr(bronze, "crash_point", crash_point)
    starters = {BRONZE: lambda: stage.start() and stage.running}
    watched = WatchedQueries(starters, Health(BRONZE), SystemClock(), failures_max=3)
    stage.watch(watched, until={0: 3})
    stage.send(2)
    stage.watch(watched, until={0: 5})
    assert cut_off == [([0, 1, 2], {})], "cut off between table and commit"
    assert stage.rows() == [0, 1, 2, 3, 4]


def test_a_batch_that_bronze_has_may_be_gone_from_the_topic(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between table and commit, then a pause longer than the retention: nothing is lost, but Spark
    wants to read the batch again."""
    stage.send(3)
    with monkeypatch.context() as patched:
        patched.setattr(bronze, "crash_point", cut_off_when_running(stage))
        stage.start()
        with pytest.raises(PySparkException, match="CutOff"):
            stage.take_in()
    stage.retention_deletes(3)
    stage.send(2)
    stage.start()
    with pytest.raises(PySparkException, match="data may have been lost"):
        stage.take_in()
    starters = {BRONZE: lambda: stage.start("0:0-0") and stage.running}
    watched = WatchedQueries(starters, Health(BRONZE), SystemClock(), failures_max=3)
    stage.watch(watched, until={0: 5})
    assert stage.rows() == [0, 1, 2, 3, 4]


def cut_off_when_running(stage: Stage) -> Callable[[str], None]:
    """Not at the start, where an empty table tells where it begins."""

    def crash_point(name: str) -> None:
        if name == "bronze-after-write" and stage.running is not None:
            raise CutOff(name)

    return crash_point


def test_lost_ticks_stop_bronze_until_they_are_given_up_by_name(stage: Stage) -> None:
    stage.send(3)
    stage.send(2, partition=1)
    stage.start()
    stage.take_in()
    stage.send(4)
    stage.retention_deletes(5)
    for give_up in ("", "0:3-3", "1:0-9"):
        with pytest.raises(TicksLost, match=f"2 ticks lost.*{GIVE_UP_SETTING}=0:3-4 "):
            stage.start(give_up)
        assert metrics.BRONZE_LOST._value.get() == 2
    assert stage.rows() == [0, 1, 2, 3, 4]

    query = stage.start("0:3-4")
    stage.send(1, partition=1)
    stage.take_in()
    assert stage.rows() == [0, 1, 2, 3, 4, 7, 8, 9]
    assert query.progress.lost == {0: 2}
    # The decision is part of the table: neither the next start nor a crash asks for it again.
    again = stage.start()
    assert (again.progress.lost, again.progress.next_offsets[0]) == ({0: 2}, 7)
    stage.take_in()
