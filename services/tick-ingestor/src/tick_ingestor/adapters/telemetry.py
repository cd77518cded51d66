"""The ingestor's state as Prometheus metrics."""

from typing import get_args

from confluent_kafka import Consumer

from chassis import metrics
from chassis.clock import Clock
from contracts import RejectReason, topics
from tick_ingestor.handlers import SERVICE, Ingestor

INTERVAL_S = 1.0
RESULTS = ("received", "accepted", "duplicate", "rejected")


class Telemetry:
    """Copies counts and lag into the registry once a second: cheaper than once per tick."""

    def __init__(self, ingestor: Ingestor, consumer: Consumer, clock: Clock) -> None:
        self._ingestor = ingestor
        self._consumer = consumer
        self._clock = clock
        self._next_s = 0.0
        self._told: set[int] = set()
        for reason in get_args(RejectReason):  # all from the start: an increase is seen against a zero
            metrics.DLQ_RECORDS.labels(topic=topics.TICKS_REJECTED.name, reason=reason)

    def update(self) -> None:
        """Copy when it is time."""
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + INTERVAL_S
        self._copy_counts()
        self._copy_lag()

    def _copy_counts(self) -> None:
        raw = topics.TICKS_RAW.name
        for partition, counts in self._ingestor.counts.items():
            numbers = (counts.received, counts.accepted, counts.duplicate, counts.rejected.total())
            for result, number in zip(RESULTS, numbers, strict=True):
                metrics.INGEST_MESSAGES.labels(topic=raw, partition=str(partition), result=result).set(number)
        for partition in self._told - self._ingestor.counts.keys():
            # Another instance counts on; our last word would stand beside its own for ever.
            for result in RESULTS:
                metrics.INGEST_MESSAGES.remove(raw, str(partition), result)
        self._told = set(self._ingestor.counts)
        for reason, number in self._ingestor.take_new_letters().items():
            metrics.DLQ_RECORDS.labels(topic=topics.TICKS_REJECTED.name, reason=reason).inc(number)

    def _copy_lag(self) -> None:
        for place in self._consumer.position(self._consumer.assignment()):
            _, high = self._consumer.get_watermark_offsets(place, cached=True)
            if place.offset >= 0 and high >= 0:
                metrics.CONSUMER_LAG_RECORDS.labels(
                    group=SERVICE, topic=place.topic, partition=str(place.partition)
                ).set(high - place.offset)
