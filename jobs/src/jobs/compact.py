"""Small files into larger ones, and the removal of files no snapshot needs any more."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lake import Lake, partition_columns, read_table


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was done to one table."""

    table: str
    partitions: int
    files_removed: int
    files_added: int


def crowded(files: DataFrame, partitions: list[str], files_max: int) -> DataFrame:
    """Partitions (their columns) with more than `files_max` files; `files` has one row per file."""
    return files.groupBy(*partitions).count().where(F.col("count") > files_max).select(*partitions)


def compact(spark: SparkSession, path: str, files_max: int) -> Compaction:
    """Merge the files of each partition that has more than `files_max`; readers and streams do not notice."""
    columns = partition_columns(spark, path)
    files = read_table(spark, path).select(*columns, "_metadata.file_path").distinct()
    full = crowded(files, columns, files_max).collect()
    removed = added = 0
    for partition in full:
        values = partition.asDict()
        where = " AND ".join(f"{name} = '{value}'" for name, value in values.items())
        [done] = spark.sql(f"OPTIMIZE delta.`{path}`{' WHERE ' + where if where else ''}").collect()
        removed += done.metrics.numFilesRemoved
        added += done.metrics.numFilesAdded
    return Compaction(path, len(full), removed, added)


def vacuum(spark: SparkSession, path: str) -> None:
    """Delete files that left the table before its retention (`jobs.lake`), which outlasts every reader."""
    spark.sql(f"VACUUM delta.`{path}`")


def tables(lake: Lake) -> tuple[str, ...]:
    """Every table that is written in small steps."""
    return (lake.bronze_ticks, lake.bronze_rejected, lake.silver_bars, lake.silver_touched)
