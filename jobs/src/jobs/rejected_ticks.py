"""Dead letters from Kafka into a Bronze table of their own, bytes and headers unchanged."""

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DateType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from jobs.lake import Lake, append_batch, create_table

REJECTED_SCHEMA = StructType(
    [
        StructField("received_date", DateType(), nullable=False),
        StructField("received_at", TimestampType(), nullable=False),
        StructField("reason", StringType()),
        StructField("key", BinaryType()),
        StructField("value", BinaryType()),
        StructField(
            "headers",
            ArrayType(StructType([StructField("key", StringType()), StructField("value", BinaryType())])),
        ),
        StructField("kafka_partition", IntegerType(), nullable=False),
        StructField("kafka_offset", LongType(), nullable=False),
    ]
)


def transform(messages: DataFrame) -> DataFrame:
    """Kafka messages with headers to rows of REJECTED_SCHEMA; `reason` is the header dlq.reason."""
    reasons = F.filter("headers", lambda header: header["key"] == "dlq.reason")
    return messages.select(
        F.to_date("timestamp").alias("received_date"),
        F.col("timestamp").alias("received_at"),
        F.try_element_at(reasons, F.lit(1))["value"].cast("string").alias("reason"),
        "key",
        "value",
        "headers",
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
    )


class RejectedTicks:
    """The writer of the table of dead letters."""

    def __init__(
        self,
        lake: Lake,
        on_progress: Callable[[dict[int, int]], None] = lambda next_offsets: None,
    ) -> None:
        self._path = lake.bronze_rejected
        self._on_progress = on_progress
        create_table(self._path, to_arrow_schema(REJECTED_SCHEMA), ("received_date",), append_only=True)

    def write(self, messages: DataFrame, query_id: str, batch_id: int) -> None:
        """Append one micro-batch and tell the next offset per partition."""
        newest = messages.groupBy("partition").agg(F.max("offset").alias("offset")).collect()
        append_batch(transform(messages).coalesce(1), self._path, query_id=query_id, batch_id=batch_id)
        self._on_progress({row.partition: row.offset + 1 for row in newest})
