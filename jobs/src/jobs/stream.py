"""Streaming queries: where they read and how their batches are handed over."""

from collections.abc import Callable
from concurrent.futures import Future

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from chassis.kafka_access import java_options

WriteBatch = Callable[[DataFrame, str, int], None]
"""write(batch, query id of the checkpoint, batch id); may be called again with the same ids after a crash."""


def kafka_source(
    spark: SparkSession,
    bootstrap: str,
    topic: str,
    *,
    max_offsets_per_trigger: int,
    headers: bool = False,
    skip_deleted: bool = False,
) -> DataFrame:
    """The topic from its beginning; the checkpoint remembers offsets, and lost data stops the query.

    `skip_deleted` is for a caller who has found out what was deleted: the query then begins where data do.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", str(not skip_deleted).lower())
        .option("maxOffsetsPerTrigger", max_offsets_per_trigger)
        .option("kafka.isolation.level", "read_committed")
        .option("includeHeaders", str(headers).lower())
        .options(**{f"kafka.{name}": value for name, value in java_options().items()})
        .load()
    )


def start_query(
    source: DataFrame, *, name: str, checkpoint: str, write: WriteBatch, every_s: float | None
) -> StreamingQuery:
    """Hand each micro-batch to `write`: every so often, or without a time what is there now and no more."""
    identity: Future[str] = Future()  # known only once the query runs, and its first batch may come before

    def on_batch(batch: DataFrame, batch_id: int) -> None:
        write(batch, identity.result(), batch_id)

    writer = source.writeStream.queryName(name).foreachBatch(on_batch)
    writer = writer.option("checkpointLocation", checkpoint)
    if every_s is None:
        writer = writer.trigger(availableNow=True)
    else:
        writer = writer.trigger(processingTime=f"{round(every_s * 1000)} milliseconds")
    query = writer.start()
    identity.set_result(str(query.id))
    return query
