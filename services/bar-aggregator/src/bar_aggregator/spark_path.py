"""The Spark path: one warm session, the queries into Bronze, the Silver job on its timer and on request."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from bar_aggregator.adapters.bar_store import BarStore
from bar_aggregator.adapters.offsets import BronzeOffsets
from bar_aggregator.adapters.priority import give_way
from bar_aggregator.adapters.reference import Reference
from bar_aggregator.adapters.spark_queries import WatchedQueries
from bar_aggregator.bronze import BRONZE, BronzeQuery
from bar_aggregator.core.closing import ClosingRule, next_run_us
from bar_aggregator.settings import AggregatorSettings
from bar_aggregator.silver_job import JobResult, SilverJob
from chassis import metrics
from chassis.clock import Clock
from chassis.health import Health
from chassis.kafka import Publisher, new_producer
from chassis.logs import get_logger
from chassis.scheduling import SchedulerKind
from chassis.shutdown import StopSignal
from contracts import Bar, topics
from jobs.compact import Compaction, compact, tables, vacuum
from jobs.lake import Lake
from jobs.lost_ticks import parse
from jobs.rejected_ticks import RejectedTicks
from jobs.revisions import ReportingRule
from jobs.session import SessionOptions, open_session, process_id
from jobs.silver_run import SilverRun
from jobs.stream import kafka_source, start_query
from jobs.touched_windows import TouchedWindows

REJECTED = "rejected"
WATCH_S = 0.5
VACUUM_EVERY_S = 86_400.0
SESSION_WAIT_S = 120.0
NICENESS = 10
"""Bronze and Silver give way to the live path when there are not enough cores for both."""
log = get_logger(__name__)


class NotStarted(RuntimeError):
    """The Spark session does not run yet."""


class SparkPath:
    """`run` blocks until stopped and raises on what it cannot mend; jobs may be asked for from any thread."""

    def __init__(
        self,
        settings: AggregatorSettings,
        store: BarStore,
        reference: Reference,
        on_final: Callable[[Bar], None],
        health: Health,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._reference = reference
        self._on_final = on_final
        self._health = health
        self._clock = clock
        self._lake = Lake(settings.lake)
        self._offsets = BronzeOffsets(settings.kafka)
        self._bronze = BronzeQuery(
            settings.kafka,
            self._lake,
            self._offsets,
            batch_max=settings.bronze_batch_max,
            every_s=settings.bronze_interval_s,
            given_up=parse(settings.give_up_ticks),
        )
        self._job: SilverJob | None = None
        self._spark: SparkSession | None = None
        self._queries: WatchedQueries | None = None
        self._started = threading.Event()
        self._next_compaction = clock.monotonic() + settings.compact_interval_s
        self._next_vacuum = clock.monotonic() + VACUUM_EVERY_S

    def run(self, stop: StopSignal) -> None:
        """Start the session, then keep the queries running until stopped."""
        self._start()
        if self._settings.scheduler is SchedulerKind.EMBEDDED:
            timer = threading.Thread(target=self._run_timer, args=(stop,), name="silver-timer", daemon=True)
            timer.start()
        assert self._queries is not None
        while not stop.wait(WATCH_S):
            self._queries.watch()
        self._queries.stop()
        assert self._spark is not None
        self._spark.stop()
        self._offsets.close()

    def run_silver(self, *, only_complete: bool = False, again_from: date | None = None) -> JobResult:
        """Make final bars now. Raises NotStarted, and what the job raises."""
        if not self._started.wait(SESSION_WAIT_S) or self._job is None:
            raise NotStarted(f"Spark did not start within {SESSION_WAIT_S:.0f} s; see the service's log")
        try:
            return self._job.run(only_complete=only_complete, again_from=again_from)
        except Exception:
            metrics.JOB_RUNS.labels(task="silver-bars", result="failed").inc()
            raise

    def run_compaction(self, *, with_vacuum: bool) -> list[Compaction]:
        """Merge small files of every table, and delete what no reader needs when asked to."""
        if not self._started.wait(SESSION_WAIT_S) or self._spark is None:
            raise NotStarted(f"Spark did not start within {SESSION_WAIT_S:.0f} s; see the service's log")
        started = time.monotonic()
        done = []
        for path in tables(self._lake):
            done.append(compact(self._spark, path, self._settings.files_max))
            if with_vacuum:
                vacuum(self._spark, path)
        metrics.JOB_SECONDS.labels(task="compact").observe(time.monotonic() - started)
        metrics.JOB_RUNS.labels(task="compact", result="done").inc()
        log.info("compaction_done", tables=[asdict(one) for one in done if one.partitions])
        return done

    def _start(self) -> None:
        settings = self._settings
        options = SessionOptions(
            jars=settings.spark_jars,
            state_dir=settings.state_dir,
            master=settings.spark_master,
            driver_memory=settings.spark_memory,
            driver_host=settings.spark_driver_host,
            partitions=settings.spark_partitions,
        )
        self._spark = open_session(options)
        log.info("spark_session_started", version=self._spark.version)
        starters = {BRONZE: self._start_bronze, REJECTED: self._start_rejected}
        self._queries = WatchedQueries(starters, self._health, self._clock, settings.query_failures_max)
        self._queries.watch()
        rule = ReportingRule(settings.reporting_currency, settings.pivot_currency)
        self._job = SilverJob(
            SilverRun(self._spark, self._lake, rule),
            TouchedWindows(self._lake),
            self._store,
            Publisher(new_producer(settings.kafka, "bar-aggregator.silver")),
            self._reference,
            lambda: self._bronze.progress,
            self._on_final,
            ClosingRule(round(settings.quiet_s * 1e6)),
            self._clock,
        )
        self._started.set()
        # Not before: everybody waits for the session while it starts.
        give_way(process_id(self._spark), NICENESS)

    def _start_bronze(self) -> StreamingQuery:
        assert self._spark is not None
        return self._bronze.start(self._spark)

    def _start_rejected(self) -> StreamingQuery:
        assert self._spark is not None
        writer = RejectedTicks(self._lake, self._offsets.commit_rejected)
        source = kafka_source(
            self._spark,
            self._settings.kafka,
            topics.TICKS_REJECTED.name,
            max_offsets_per_trigger=self._settings.bronze_batch_max,
            headers=True,
        )
        return start_query(
            source,
            name=REJECTED,
            checkpoint=self._lake.checkpoint("bronze-rejected"),
            write=writer.write,
            every_s=self._settings.bronze_interval_s,
        )

    def _run_timer(self, stop: StopSignal) -> None:
        """The Silver job after every window, and once more when some windows were not complete yet."""
        delay_us = round(self._settings.silver_delay_s * 1e6)
        due_us = next_run_us(self._clock.now_us(), delay_us)
        while not stop.wait(max(0.0, (due_us - self._clock.now_us()) / 1e6)):
            waiting = self._run_timed()
            due_us = next_run_us(self._clock.now_us(), delay_us)
            if waiting:
                due_us = min(due_us, self._clock.now_us() + round(self._settings.quiet_s * 1e6) + delay_us)

    def _run_timed(self) -> int:
        """One timed run; tells how many windows are left for a second one. A failure waits for the next."""
        try:
            waiting = self.run_silver(only_complete=True).waiting
            self._compact_when_due()
            return waiting
        except Exception:
            log.exception("silver_job_failed")
            return 1

    def _compact_when_due(self) -> None:
        now = self._clock.monotonic()
        if now < self._next_compaction:
            return
        self._next_compaction = now + self._settings.compact_interval_s
        with_vacuum = now >= self._next_vacuum
        if with_vacuum:
            self._next_vacuum = now + VACUUM_EVERY_S
        self.run_compaction(with_vacuum=with_vacuum)
