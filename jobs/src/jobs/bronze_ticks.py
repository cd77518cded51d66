"""Ticks from Kafka into the Bronze table: checked, freed of the ingestor's replays, appended once."""

import types
import typing
from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import DataType, DateType, IntegerType, LongType, StringType, StructField, StructType

from contracts import Tick
from jobs.lake import Lake, append_batch, create_table, has_files, newest_note, read_table
from jobs.progress import Pair, Progress

_SPARK_TYPES: dict[type, DataType] = {str: StringType(), int: LongType()}


def _tick_schema() -> StructType:
    """The columns of a tick, from the contract: what may be null there may be null here."""
    schema = StructType()
    for name, hint in typing.get_type_hints(Tick).items():
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        [kind] = [option for option in options if option is not types.NoneType]
        schema.add(StructField(name, _SPARK_TYPES[kind], nullable=types.NoneType in options))
    return schema


TICK_SCHEMA = _tick_schema()
BRONZE_SCHEMA = StructType(
    [
        *TICK_SCHEMA.fields,
        StructField("trade_date", DateType(), nullable=False),
        StructField("kafka_partition", IntegerType(), nullable=False),
        StructField("kafka_offset", LongType(), nullable=False),
    ]
)


def transform(messages: DataFrame) -> DataFrame:
    """Kafka messages (value, partition, offset) to rows of BRONZE_SCHEMA.

    The ingestor is the only writer of the topic, so a message that is no complete tick is a broken invariant:
    evaluating the result then raises, naming partition and offset.
    """
    tick = F.from_json(F.col("value").cast("string"), TICK_SCHEMA, {"mode": "FAILFAST"})
    rows = messages.select(
        tick.alias("tick"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
    )
    missing = F.concat(
        F.lit("not a complete tick: partition "),
        F.col("kafka_partition").cast("string"),
        F.lit(", offset "),
        F.col("kafka_offset").cast("string"),
    )
    complete = F.lit(True)
    for one in TICK_SCHEMA.fields:
        if not one.nullable:
            complete = complete & F.col(f"tick.{one.name}").isNotNull()
    return rows.where(F.assert_true(complete, missing).isNull()).select(
        "tick.*",
        F.to_date(F.timestamp_micros("tick.ts_event_us")).alias("trade_date"),
        "kafka_partition",
        "kafka_offset",
    )


def flag_replays(ticks: DataFrame, marks: dict[Pair, int]) -> DataFrame:
    """Add `is_replay`: the raw offset is not above all earlier ones of its (raw partition, tick partition).

    `marks` are the highest raw offsets of earlier batches. The ingestor sends some raw events again after a
    crash; those come with the raw offsets they had the first time.
    """
    pair = Window.partitionBy("raw_partition", "kafka_partition").orderBy("kafka_offset")
    before = pair.rowsBetween(Window.unboundedPreceding, -1)
    seen = F.coalesce(F.max("raw_offset").over(before), F.lit(-1))
    if marks:
        known = F.map_from_arrays(
            F.array(*(F.lit(f"{raw}/{tick}") for raw, tick in marks)),
            F.array(*(F.lit(mark).cast("bigint") for mark in marks.values())),
        )
        place = F.concat_ws("/", F.col("raw_partition"), F.col("kafka_partition"))
        seen = F.greatest(seen, F.coalesce(F.try_element_at(known, place), F.lit(-1)))
    return ticks.withColumn("is_replay", F.col("raw_offset") <= seen)


class BronzeTicks:
    """The writer of the Bronze table: one per process, one process per table."""

    def __init__(
        self,
        spark: SparkSession,
        lake: Lake,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        first_offsets: Mapping[int, int] | None = None,
    ) -> None:
        """`first_offsets` of the topic are where an empty table begins, so that it knows what it lacks."""
        self._path = lake.bronze_ticks
        self._on_progress = on_progress
        create_table(self._path, to_arrow_schema(BRONZE_SCHEMA), ("trade_date", "symbol"), append_only=True)
        self.progress = restore_progress(spark, self._path)
        if not self.progress.next_offsets:
            self.progress = Progress(next_offsets=dict(first_offsets or {}))
        self.replays = 0
        if self.progress.next_offsets:
            on_progress(self.progress)

    def give_up(self, lost: Mapping[int, range]) -> None:
        """Count ticks that exist no more; the next commit makes it durable and begins behind them."""
        self.progress = self.progress.without(lost)

    def write(self, messages: DataFrame, query_id: str, batch_id: int) -> None:
        """Append one micro-batch and tell how far Bronze is now."""
        flagged = flag_replays(transform(messages), self.progress.marks).persist()
        try:
            batch, replays = _measure(flagged)
            after = self.progress.merged(batch)
            kept = flagged.where(~F.col("is_replay")).drop("is_replay")
            # One file per trade date and symbol, however many tasks there are.
            files = kept.repartition("trade_date", "symbol")
            append_batch(files, self._path, query_id=query_id, batch_id=batch_id, note=after.to_note())
        finally:
            flagged.unpersist()
        self.progress = after
        self.replays += replays
        self._on_progress(after)


def restore_progress(spark: SparkSession, path: str) -> Progress:
    """Progress as of the table's newest data; worked out from the rows when no commit tells it."""
    note = newest_note(path)
    if note is not None:
        return Progress.from_note(note)
    if not has_files(path):
        return Progress()
    flagged = read_table(spark, path).withColumn("is_replay", F.lit(False))
    return _measure(flagged)[0]


def _measure(flagged: DataFrame) -> tuple[Progress, int]:
    """Progress of these rows alone, and how many of them are replays."""
    rows = (
        flagged.groupBy("raw_partition", "kafka_partition")
        .agg(
            F.max("raw_offset").alias("mark"),
            F.max("kafka_offset").alias("newest_offset"),
            F.max("ts_event_us").alias("newest_event_us"),
            F.count_if("is_replay").alias("replays"),
        )
        .collect()
    )
    progress = Progress()
    for row in rows:
        tick = row.kafka_partition
        progress = progress.merged(
            Progress(
                {(row.raw_partition, tick): row.mark},
                {tick: row.newest_offset + 1},
                {tick: row.newest_event_us},
            )
        )
    return progress, sum(row.replays for row in rows)
