"""Bronze takes every accepted tick once, whatever is sent again."""

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.bronze_ticks import BRONZE_SCHEMA, BronzeTicks, restore_progress, transform
from jobs.compact import compact
from jobs.lake import Lake, newest_note, read_table
from testkit.bronze import messages, tick

pytestmark = pytest.mark.integration
T0 = 1_381_150_000_000_000


def seqs(spark: SparkSession, lake: Lake) -> list[int]:
    return sorted(row.seq for row in read_table(spark, lake.bronze_ticks).select("seq").collect())


def ticks(*numbers: int) -> list[dict[str, object]]:
    return [tick(number, T0 + number) for number in numbers]


def test_a_batch_is_taken_once_and_replays_are_dropped(spark: SparkSession, lake: Lake) -> None:
    bronze = BronzeTicks(spark, lake)
    bronze.write(messages(spark, ticks(0, 1, 2)), "query", 0)
    # The ingestor repeats 1 and 2, goes on with 3, and repeats that too.
    bronze.write(messages(spark, ticks(1, 2, 3, 3), first=3), "query", 1)
    assert (seqs(spark, lake), bronze.replays) == ([0, 1, 2, 3], 3)
    # Spark repeats the batch after a crash before its checkpoint, here in a new process.
    again = BronzeTicks(spark, lake)
    again.write(messages(spark, ticks(1, 2, 3, 3), first=3), "query", 1)
    assert seqs(spark, lake) == [0, 1, 2, 3]
    assert again.progress == bronze.progress
    assert again.progress.next_offsets == {0: 7}
    assert read_table(spark, lake.bronze_ticks).schema.names == BRONZE_SCHEMA.names


def test_a_mark_belongs_to_a_pair_of_partitions(spark: SparkSession, lake: Lake) -> None:
    """A slower tick partition still gets lower raw offsets, after a faster one got higher ones."""
    bronze = BronzeTicks(spark, lake)
    bronze.write(messages(spark, ticks(10), part=0), "query", 0)
    bronze.write(messages(spark, ticks(5), part=1), "query", 1)
    bronze.write(messages(spark, [tick(4, T0, raw_partition=1)], first=1, part=0), "query", 2)
    assert seqs(spark, lake) == [4, 5, 10]


def test_progress_is_found_behind_compaction_and_without_any_note(spark: SparkSession, lake: Lake) -> None:
    bronze = BronzeTicks(spark, lake)
    for number in range(4):
        bronze.write(messages(spark, ticks(number), first=number), "query", number)
    done = compact(spark, lake.bronze_ticks, files_max=2)
    assert (done.partitions, done.files_removed, done.files_added) == (1, 4, 1)
    assert restore_progress(spark, lake.bronze_ticks) == bronze.progress
    assert seqs(spark, lake) == [0, 1, 2, 3]

    bare = f"{lake.root}/bare"
    read_table(spark, lake.bronze_ticks).write.format("delta").save(bare)
    assert newest_note(bare) is None
    assert restore_progress(spark, bare) == bronze.progress


@pytest.mark.parametrize(
    "value",
    ["not json", "", '{"tick_id": "a"}', '{"tick_id": "a", "symbol": "A", "ts_event_us": "later"}', None],
)
def test_what_is_no_tick_stops_the_query(spark: SparkSession, value: str | None) -> None:
    message = spark.createDataFrame([(value, 3, 7)], "value string, partition int, offset bigint")
    with pytest.raises(Exception, match=r"partition 3, offset 7|Malformed") as stopped:
        transform(message).collect()
    assert isinstance(stopped.value, PySparkException) or "SparkException" in str(stopped.value)
