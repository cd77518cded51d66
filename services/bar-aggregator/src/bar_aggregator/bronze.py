"""The query that takes ticks into Bronze, and what it does when the topic lacks some that it wanted."""

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from bar_aggregator.adapters.offsets import BronzeOffsets
from chassis import metrics
from chassis.crash import crash_point
from chassis.logs import get_logger
from contracts import topics
from jobs.bronze_ticks import BronzeTicks
from jobs.lake import Lake
from jobs.lost_ticks import Lost, TicksLost, covers, lost_ticks, named
from jobs.progress import Progress
from jobs.stream import kafka_source, start_query

BRONZE = "bronze"
GIVE_UP_SETTING = "TAPELINE_GIVE_UP_TICKS"
log = get_logger(__name__)


class BronzeQuery:
    """Starts the query, also again after it failed. `progress` tells how far Bronze is."""

    def __init__(
        self,
        bootstrap: str,
        lake: Lake,
        offsets: BronzeOffsets,
        *,
        batch_max: int,
        every_s: float,
        given_up: Lost,
    ) -> None:
        self._bootstrap = bootstrap
        self._lake = lake
        self._offsets = offsets
        self._batch_max = batch_max
        self._every_s = every_s
        self._given_up = given_up
        self._writer: BronzeTicks | None = None
        metrics.BRONZE_LOST.set(0)

    @property
    def progress(self) -> Progress:
        return Progress() if self._writer is None else self._writer.progress

    def start(self, spark: SparkSession) -> StreamingQuery:
        """Go on from the checkpoint. Raises TicksLost when that would leave ticks out that nobody gave up."""
        first = self._offsets.first_offsets()
        # A new writer each time: after a failure the table knows better than memory how far it is.
        writer = self._writer = BronzeTicks(spark, self._lake, self._on_progress, first)
        lost = lost_ticks(writer.progress.next_offsets, first)
        if lost:
            self._tell(lost)
        if self._given_up:
            writer.give_up(lost)
            self._read_on(spark, writer)
        return self._query(spark, writer, self._every_s)

    def _tell(self, lost: Lost) -> None:
        metrics.BRONZE_LOST.set(sum(len(offsets) for offsets in lost.values()))
        if not covers(self._given_up, lost):
            raise TicksLost(lost, GIVE_UP_SETTING)
        log.error("ticks_given_up", lost=named(lost))

    def _read_on(self, spark: SparkSession, writer: BronzeTicks) -> None:
        """Bring the checkpoint behind what was deleted; from there on a loss stops the query again.

        That is more than was lost when a batch was written and the process died before the checkpoint knew.
        """
        query = self._query(spark, writer, None, skip_deleted=True)
        query.awaitTermination()

    def _query(
        self, spark: SparkSession, writer: BronzeTicks, every_s: float | None, skip_deleted: bool = False
    ) -> StreamingQuery:
        source = kafka_source(
            spark,
            self._bootstrap,
            topics.TICKS.name,
            max_offsets_per_trigger=self._batch_max,
            skip_deleted=skip_deleted,
        )
        checkpoint = self._lake.checkpoint("bronze-ticks")
        return start_query(source, name=BRONZE, checkpoint=checkpoint, write=writer.write, every_s=every_s)

    def _on_progress(self, progress: Progress) -> None:
        crash_point("bronze-after-write")
        self._offsets.commit_ticks(progress)
        if progress.newest_event_us:  # the first batch of a new platform is empty
            newest = max(progress.newest_event_us.values())
            metrics.WATERMARK_SECONDS.labels(stage="bronze").set(newest / 1e6)
