"""What the aggregator reads from its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from chassis.scheduling import SchedulerKind
from chassis.settings import ServiceSettings
from jobs.lost_ticks import parse


def _named(text: str) -> str:
    """Refused where the service starts, not when it needs it."""
    parse(text)
    return text


class AggregatorSettings(ServiceSettings):
    """Settings of bar-aggregator, both paths."""

    lake: str = Field(description="root of the Delta tables: a directory or an object store prefix")
    spark_jars: Path = Field(description="directory with the Kafka connector and Delta Lake for Spark")
    spark_master: str = Field(default="local[2]", description="where Spark runs")
    spark_memory: str = Field(default="1g", description="heap of the Spark driver")
    spark_driver_host: str = Field(
        default="127.0.0.1", description="where executors of a cluster reach the driver"
    )
    spark_partitions: int = Field(default=2, ge=1, description="parts a table is cut into: cores of Spark")

    bronze_interval_s: float = Field(default=5.0, description="time between micro-batches into Bronze")
    bronze_batch_max: int = Field(default=400_000, description="most ticks of one micro-batch")
    give_up_ticks: Annotated[str, AfterValidator(_named)] = Field(
        default="",
        description="ticks that Bronze goes on without, as its error names them: partition:first-last, ..",
    )
    query_failures_max: int = Field(
        default=8, description="failures of a streaming query in a row after which the process ends"
    )

    scheduler: SchedulerKind = Field(
        default=SchedulerKind.EMBEDDED,
        description="who starts the Silver job every five minutes: this service (embedded), airflow, or none",
    )
    silver_delay_s: float = Field(default=10.0, description="Silver job runs so long after each window end")
    quiet_s: float = Field(
        default=60.0, description="a window without new ticks for so long is taken as complete"
    )
    reporting_currency: str = Field(default="USD", description="currency closes are also reported in")
    pivot_currency: str = Field(default="USD", description="currency that rates are crossed through")
    files_max: int = Field(default=64, description="files per partition of a table before it is compacted")
    compact_interval_s: float = Field(default=3600.0, description="time between looks at the file counts")

    allowed_lateness_ms: int = Field(
        default=2_000, description="how late a tick may be for its provisional bar to still take it in"
    )
