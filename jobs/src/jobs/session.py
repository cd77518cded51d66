"""The one warm Spark session of a process."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"
LOG_CONFIGURATION = Path(__file__).with_name("log4j2.properties")


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Where Spark runs, what it may use and where its scratch files go.

    `jars` is a directory with the Kafka connector and Delta Lake; `state_dir` belongs to this process alone.
    Executors of a cluster reach the driver at `driver_host`; tables are cut into `partitions` for them.
    """

    jars: Path
    state_dir: Path
    master: str = "local[2]"
    driver_memory: str = "1g"
    driver_host: str = LOOPBACK
    partitions: int = 2


def open_session(options: SessionOptions) -> SparkSession:
    """Start the JVM and the session; takes 5 to 9 seconds.

    Raises: FileNotFoundError when the jars are not there.
    """
    jars = sorted(options.jars.glob("*.jar"))
    if not jars:
        raise FileNotFoundError(f"no Spark jars in {options.jars}; `tapeline up` fetches them")
    scratch = options.state_dir / "spark"
    # A killed JVM leaves its scratch files behind; nothing in there outlives a session.
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    # Spark would take the first python3 of the PATH for its workers, which may be another version.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.Builder().master(options.master).appName("tapeline")
    for name, value in _configuration(options, jars, scratch.absolute()).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def process_id(spark: SparkSession) -> int:
    """Process id of the session's JVM."""
    gateway = spark.sparkContext._gateway
    assert gateway is not None, "the session has no JVM of its own"
    return gateway.proc.pid  # type: ignore[attr-defined]  # set where PySpark starts the JVM


def _configuration(options: SessionOptions, jars: list[Path], scratch: Path) -> dict[str, str]:
    return {
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": options.driver_memory,
        "spark.driver.extraJavaOptions": _java_options(scratch),
        "spark.local.dir": str(scratch / "local"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.driver.host": options.driver_host,
        "spark.driver.bindAddress": LOOPBACK if options.driver_host == LOOPBACK else "0.0.0.0",  # noqa: S104
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Small data on two cores: more tasks than cores and plans made twice only cost time.
        "spark.sql.shuffle.partitions": str(options.partitions),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(options.partitions),
        "spark.databricks.delta.snapshotPartitions": str(options.partitions),
        # A session that lives for weeks must not remember every job it ran.
        "spark.ui.retainedJobs": "50",
        "spark.ui.retainedStages": "50",
        "spark.ui.retainedTasks": "500",
        "spark.sql.ui.retainedExecutions": "20",
        "spark.sql.debug.maxToStringFields": "100",
        # The queries and a job take turns with more generated classes than the 100 that are kept by default.
        "spark.sql.codegen.cache.maxEntries": "400",
        # Where a column was written is looked up in the stack for each one, Delta's own included.
        "spark.sql.dataFrameQueryContext.enabled": "false",
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.sql.streaming.numRecentProgressUpdates": "10",
        # Merged files of this size are left alone, which bounds how often a row is rewritten in a day.
        "spark.databricks.delta.autoCompact.maxFileSize": str(16 << 20),
        "spark.databricks.delta.autoCompact.minFileSize": str(4 << 20),
    }


def _java_options(scratch: Path) -> str:
    (scratch / "tmp").mkdir()
    return " ".join(
        [
            f"-Dlog4j2.configurationFile={LOG_CONFIGURATION.as_uri()}",
            f"-Djava.io.tmpdir={scratch / 'tmp'}",
            # Bounds beside the heap, so that the whole platform stays below 4 GB.
            "-XX:MaxMetaspaceSize=320m",
            "-XX:ReservedCodeCacheSize=160m",
            "-XX:MaxDirectMemorySize=128m",
            "-Xss1m",
            # Two cores and a small heap: one collector thread needs a quarter less memory than G1.
            "-XX:+UseSerialGC",
            # The optimising compiler takes more from two cores than it gives back: without it the session
            # starts with half the CPU time and a job over a day is as fast. Executors of a cluster keep it.
            "-XX:TieredStopAtLevel=1",
        ]
    )
