"""Where the Delta tables are, how they are made, and what their commits say."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import StructType

_PROPERTIES = {
    # Readers outside Spark (deltalake, Polars) cannot follow deletion vectors.
    "delta.enableDeletionVectors": "false",
    "delta.autoOptimize.autoCompact": "true",
    # Longer than any reader runs.
    "delta.deletedFileRetentionDuration": "interval 7 days",
    "delta.logRetentionDuration": "interval 30 days",
}
_HISTORY_STEPS = (20, 500, 100_000)


@dataclass(frozen=True)
class Lake:
    """Paths below one root, a directory or an object store prefix."""

    root: str

    @property
    def bronze_ticks(self) -> str:
        """Accepted ticks, append-only, by trade_date and symbol."""
        return f"{self.root}/bronze/ticks"

    @property
    def bronze_rejected(self) -> str:
        """Dead letters as they came, append-only, by received_date."""
        return f"{self.root}/bronze/rejected"

    @property
    def silver_bars(self) -> str:
        """Final bars, every revision, by trade_date."""
        return f"{self.root}/silver/bars"

    @property
    def silver_touched(self) -> str:
        """Windows that got ticks since they were last finalised."""
        return f"{self.root}/silver/touched-windows"

    def checkpoint(self, query: str) -> str:
        """Progress of a streaming query. It and the query's table are one unit: replace both or neither."""
        return f"{self.root}/checkpoints/{query}"


def create_table(
    path: str, schema: pa.Schema, partitioned_by: tuple[str, ...] = (), append_only: bool = False
) -> None:
    """Create the Delta table unless it is there already.

    Without Spark, which needs seconds for it in a cold JVM while a service waits to be ready.
    """
    DeltaTable.create(
        path,
        schema,
        mode="ignore",
        partition_by=list(partitioned_by),
        configuration={**_PROPERTIES, "delta.appendOnly": str(append_only).lower()},
        raise_if_key_not_exists=False,  # autoCompact is known to Spark alone
    )


def local_frame(spark: SparkSession, rows: list[dict[str, Any]], schema: StructType) -> DataFrame:
    """A few rows of this process as a frame; through Arrow, so that no Python workers are started for it."""
    columns = [field.name for field in schema.fields]
    table = pa.table(
        {
            name: pa.array([row[name] for row in rows], to_arrow_type(schema[name].dataType))
            for name in columns
        }
    )
    return spark.createDataFrame(table, schema)


def read_table(spark: SparkSession, path: str) -> DataFrame:
    """The newest snapshot of a Delta table."""
    return spark.read.format("delta").load(path)


def append_batch(
    batch: DataFrame, path: str, *, query_id: str, batch_id: int, note: str | None = None
) -> None:
    """Append one micro-batch; the same (query_id, batch_id) a second time changes nothing.

    `query_id` is the id in the query's checkpoint, so that a new checkpoint is a new series of batches.
    """
    writer = batch.write.format("delta").mode("append")
    writer = writer.option("txnAppId", query_id).option("txnVersion", batch_id)
    if note is not None:
        writer = writer.option("userMetadata", note)
    writer.save(path)


def newest_note(path: str) -> dict[str, Any] | None:
    """The note (JSON object) of the newest commit that has one; compaction commits have none.

    Read without Spark: its DESCRIBE HISTORY starts jobs, and a service asks for this before it is ready.
    """
    log = DeltaTable(path)
    for limit in _HISTORY_STEPS:
        commits = log.history(limit)
        for commit in commits:
            if note := commit.get("userMetadata"):
                return json.loads(note)
        if len(commits) < limit:
            break
    return None


def has_files(path: str) -> bool:
    """Whether the newest snapshot has any data file; read without Spark."""
    return bool(DeltaTable(path).file_uris())
