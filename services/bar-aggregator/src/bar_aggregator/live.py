"""Runs the live path on Kafka, in a thread of the aggregator."""

from collections.abc import Iterable

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bar_aggregator.core.compare import RecentBars
from bar_aggregator.core.watermark import Watermark
from bar_aggregator.handlers import LiveBars
from bar_aggregator.set_aside import report_set_aside
from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock
from chassis.health import Health
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.logs import get_logger
from chassis.loop import BatchLoop
from chassis.offsets import committed, partitions_of
from chassis.shutdown import StopSignal
from contracts import Bar, topics

GROUP = "bar-aggregator"
HEALTH_NAME = "live bars"
RECENT_BARS_MAX = 5_000
# A forming bar goes out once a second, so ticks may come in larger pieces, the last after 100 ms: each fetch
# takes time of the broker that the path from tick to value is short of.
FEW_FETCHES = {"fetch.min.bytes": 100_000}
log = get_logger(__name__)


class LivePath:
    """Provisional and forming bars. `run` blocks until stopped and raises on what it cannot mend."""

    def __init__(
        self,
        bootstrap: str,
        health: Health,
        clock: Clock,
        *,
        allowed_lateness_ms: int = 2_000,
        idle_after_ms: int = 1_000,
        forming_interval_ms: int = 1_000,
    ) -> None:
        self._bootstrap = bootstrap
        self._health = health
        self._recent = RecentBars(RECENT_BARS_MAX)
        self._watermark = Watermark(allowed_lateness_ms * 1000, idle_after_ms / 1000)
        self._bars = LiveBars(clock, self._watermark, forming_interval_ms / 1000, self._recent)
        self._late_reported = 0
        self._made_reported = dict.fromkeys(self._bars.made, 0)
        for result in ("equal", "different"):  # both from the start: an increase is seen against a zero
            metrics.BAR_PROVISIONAL.labels(result=result)
        metrics.BARS_SET_ASIDE.labels(path="live")

    def run(self, stop: StopSignal) -> None:
        """Take in ticks until stopped."""
        consumer = new_consumer(self._bootstrap, GROUP, **FEW_FETCHES)
        loop = BatchLoop(
            consumer,
            Publisher(new_producer(self._bootstrap, f"{GROUP}.live")),
            self._bars.handle,
            stop,
            self._health,
            commit_offset=self._bars.commit_offset,
            commit_metadata=self._bars.metadata,
            on_turn=self._on_turn,
            on_end=self._bars.on_end,
        )
        try:
            self._begin(consumer)
            self._health.ready(HEALTH_NAME)
            loop.run()
        finally:
            self._health.not_ready(HEALTH_NAME, "stopped")
            consumer.close()

    def compare(self, final: Bar) -> None:
        """Count whether a final bar equals the provisional one of its window; call from any thread."""
        differences = self._recent.compare(final)
        if differences is None:
            return
        metrics.BAR_PROVISIONAL.labels(result="different" if differences else "equal").inc()
        if differences:
            log.info(
                "provisional_bar_differed",
                symbol=final.symbol,
                window_start=final.window_start.isoformat(),
                fields=differences,
            )

    def _begin(self, consumer: Consumer) -> None:
        """Assign all partitions by hand: there is one live path, and a restart waits for no rebalance."""
        topic = topics.TICKS.name
        partitions = partitions_of(consumer, topic)
        offsets = committed(consumer, topic)
        self._bars.restore(offsets, partitions)
        consumer.assign(
            [
                TopicPartition(topic, number, offsets[number][0] if number in offsets else OFFSET_BEGINNING)
                for number in partitions
            ]
        )
        log.info("live_path_started", offsets={number: offset for number, (offset, _) in offsets.items()})

    def _on_turn(self) -> Iterable[Output]:
        outputs = self._bars.on_turn()
        if self._watermark.value_us is not None:
            metrics.WATERMARK_SECONDS.labels(stage="live_bars").set(self._watermark.value_us / 1e6)
        if self._bars.late > self._late_reported:
            metrics.BAR_LATE.inc(self._bars.late - self._late_reported)
            self._late_reported = self._bars.late
        for symbol, start_us in self._bars.take_set_aside():
            report_set_aside("live", symbol, start_us)
        for status, made in self._bars.made.items():
            metrics.BARS_PUBLISHED.labels(status=status).inc(made - self._made_reported[status])
            self._made_reported[status] = made
        return outputs
