"""Small files into larger ones, and the removal of files no snapshot needs any more."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.lake import Lake


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was done to one table."""

    table: str
    partitions: int
    files_removed: int
    files_added: int


def crowded(files: list[dict[str, Any]], columns: list[str], files_max: int) -> list[tuple[Any, ...]]:
    """Values of these columns that more than `files_max` of the files share."""
    counts = Counter(tuple(file[name] for name in columns) for file in files)
    return [values for values, count in counts.items() if count > files_max]


def compact(spark: SparkSession, path: str, files_max: int) -> Compaction:
    """Merge the files of each partition that has more than `files_max`; readers and streams do not notice."""
    log = DeltaTable(path)
    columns = log.metadata().partition_columns
    files = pa.table(log.get_add_actions(flatten=True)).to_pylist()
    full = crowded(files, [f"partition.{name}" for name in columns], files_max)
    removed = added = 0
    for values in full:
        equal = [f"{name} = '{_escaped(value)}'" for name, value in zip(columns, values, strict=True)]
        where = f" WHERE {' AND '.join(equal)}" if equal else ""
        [done] = spark.sql(f"OPTIMIZE delta.`{path}`{where}").collect()
        removed += done.metrics.numFilesRemoved
        added += done.metrics.numFilesAdded
    return Compaction(path, len(full), removed, added)


def vacuum(spark: SparkSession, path: str) -> None:
    """Delete files that left the table before its retention (`jobs.lake`), which outlasts every reader."""
    spark.sql(f"VACUUM delta.`{path}`")


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "\\'")


def tables(lake: Lake) -> tuple[str, ...]:
    """Every table that is written in small steps."""
    return (lake.bronze_ticks, lake.bronze_rejected, lake.silver_bars, lake.silver_touched)
