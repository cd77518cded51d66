"""The Silver job: touched windows in Bronze become final bars in Silver, on Kafka and in PostgreSQL.

A crash between any two steps is mended by the next run: windows leave the list of touched ones only when
their bars are in PostgreSQL, and a repetition finds what is there already.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from bar_aggregator.adapters.bar_store import BarStore
from bar_aggregator.adapters.final_bars import to_message, to_restatement, to_row
from bar_aggregator.adapters.reference import Reference
from bar_aggregator.core.closing import ClosingRule, is_over
from bar_aggregator.set_aside import report_set_aside
from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock
from chassis.crash import crash_point
from chassis.kafka import Publisher
from chassis.logs import get_logger
from chassis.tracing import batch_span, note
from contracts import Bar, topics
from contracts.codec import encode
from jobs.progress import Progress
from jobs.revisions import SilverBar
from jobs.silver_run import WINDOWS_PER_ROUND, SilverRun
from jobs.touched_ticks import Window
from jobs.touched_windows import TouchedWindows

NAME = "silver-bars"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What one run did. `waiting` are windows that are over but still get ticks."""

    job: str
    status: str
    windows: int
    waiting: int
    bars_new: int
    bars_revised: int
    bars_published: int
    seconds: float


class SilverJob:
    """One run at a time. Whoever asks meanwhile waits and then runs: the other may have begun too early."""

    def __init__(
        self,
        run: SilverRun,
        touched: TouchedWindows,
        store: BarStore,
        publisher: Publisher,
        reference: Reference,
        bronze: Callable[[], Progress],
        on_final: Callable[[Bar], None],
        rule: ClosingRule,
        clock: Clock,
    ) -> None:
        self._run = run
        self._touched = touched
        self._store = store
        self._publisher = publisher
        self._reference = reference
        self._bronze = bronze
        self._on_final = on_final
        self._rule = rule
        self._clock = clock
        self._lock = threading.Lock()
        self._reached_us = 0
        for result in ("done", "failed"):  # an alert on the first failure must have seen the zero before it
            metrics.JOB_RUNS.labels(task=NAME, result=result)
        metrics.BARS_SET_ASIDE.labels(path="final")

    def run(self, *, only_complete: bool, again_from: date | None = None) -> JobResult:
        """Finalise every window that is over; with `only_complete` (the timer) by the closing rule.

        From the trade date `again_from` on also those that were finalised before: a bar that PostgreSQL does
        not have any more is published and stored as it was.

        Raises: AnotherRunner; PublishError, asyncpg and Spark errors, after which a run may be repeated.
        """
        with self._lock, self._store.job_lock(), batch_span(NAME):
            started = time.monotonic()
            if again_from is not None:
                self._touched.touch_again(again_from, self._clock.now_us())
            result = self._run_once(only_complete)
            seconds = time.monotonic() - started
        metrics.JOB_SECONDS.labels(task=NAME).observe(seconds)
        metrics.JOB_RUNS.labels(task=NAME, result="done").inc()
        done = JobResult(NAME, "done", *result, round(seconds, 3))
        log.info("silver_job_done", **asdict(done))
        return done

    def _run_once(self, only_complete: bool) -> tuple[int, int, int, int, int]:
        listed = self._touched.find(self._clock.now_us())
        crash_point("silver-after-touched")
        windows, waiting = self._closed(listed, only_complete)
        new = revised = published = 0
        for begin in range(0, len(windows), WINDOWS_PER_ROUND):
            part = windows[begin : begin + WINDOWS_PER_ROUND]
            done = self._run.finalise(
                part, self._clock.now_us(), self._reference.fx_symbols(), self._reference.daily_rates()
            )
            crash_point("silver-after-merge")
            for symbol, start_us in done.mixed:
                report_set_aside("final", symbol, start_us)
            published += self._publish(done.bars)
            self._touched.forget(part)
            crash_point("silver-after-forget")
            new += sum(bar.revision == 1 for bar in done.changed)
            revised += sum(bar.revision > 1 for bar in done.changed)
            self._reached_us = max(self._reached_us, *(window.end_us for window in part))
            metrics.WATERMARK_SECONDS.labels(stage="silver").set(self._reached_us / 1e6)
        note({"tapeline.windows": len(windows), "tapeline.outputs": published, "tapeline.revised": revised})
        return len(windows), waiting, new, revised, published

    def _closed(self, listed: Iterable[Window], only_complete: bool) -> tuple[list[Window], int]:
        """The windows to finalise, and how many others are over but not complete."""
        now_us, newest = self._clock.now_us(), self._bronze().newest_event_us
        over = [window for window in listed if is_over(window.end_us, now_us)]
        if not only_complete:
            return over, 0
        complete = [
            window
            for window in over
            if self._rule.is_complete(
                window.end_us, newest.get(window.kafka_partition), window.touched_at_us, now_us
            )
        ]
        return complete, len(over) - len(complete)

    def _publish(self, bars: Sequence[SilverBar]) -> int:
        """Send what PostgreSQL does not have yet: Kafka first, so that what the table has was sent."""
        missing = sorted(self._store.missing(bars), key=lambda bar: (bar.window_start_us, bar.revision))
        messages = [to_message(bar) for bar in missing]
        outputs = (Output(topics.BARS.name, encode(one), one.symbol.encode()) for one in messages)
        self._publisher.wait(self._publisher.send_all(outputs))
        crash_point("silver-after-kafka")
        if missing:
            self._store.save([to_row(bar) for bar in missing], self._restatements(missing, bars))
        crash_point("silver-after-postgres")
        for message in messages:
            self._on_final(message)
        metrics.BARS_PUBLISHED.labels(status="final").inc(len(messages))
        return len(messages)

    def _restatements(
        self, missing: Sequence[SilverBar], bars: Sequence[SilverBar]
    ) -> list[dict[str, object]]:
        by_revision = {(*bar.key, bar.revision): bar for bar in bars}
        corrections = [(by_revision[*bar.key, bar.revision - 1], bar) for bar in missing if bar.revision > 1]
        late = self._run.late_ticks(corrections)
        metrics.RESTATEMENTS.labels(entity="price_bar").inc(len(corrections))
        return [
            to_restatement(was, became, late.get((*became.key, became.revision)))
            for was, became in corrections
        ]
