"""Rebuilds the ingestor's state for the raw partitions that it is given.

Three things tell what was decided before: the metadata of the committed offsets (counts), the newest ticks
(ids with their raw positions) and the newest dead letters (raw positions with their reasons).
"""

from confluent_kafka import Consumer, TopicPartition

from chassis import metrics
from chassis.bus import Record
from chassis.logs import get_logger
from chassis.offsets import ADMIN_TIMEOUT_S
from contracts import topics
from contracts.codec import NotADeadLetter
from tick_ingestor.adapters.tail import read_tail
from tick_ingestor.handlers import Ingestor

# Outputs of raw events at or after the committed offset must lie within the tail that is read. At most five
# batches are in flight and commits come five times a second, so this is many times more than can be pending.
TAIL_RECORDS_MIN = 100_000
log = get_logger(__name__)


class Recovery:
    """Gives the ingestor the state that belongs to newly assigned partitions."""

    def __init__(self, bootstrap: str, ingestor: Ingestor, dedupe_ids: int) -> None:
        self._bootstrap = bootstrap
        self._ingestor = ingestor
        self._tail_records = max(dedupe_ids // topics.TICKS.partitions, TAIL_RECORDS_MIN)

    def restore(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Call on assignment, before the first raw event of these partitions is handled."""
        for one in consumer.committed(partitions, timeout=ADMIN_TIMEOUT_S):
            committed = max(one.offset, 0)  # negative: nothing is committed yet
            self._report_loss(consumer, one, committed)
            self._ingestor.take_over(one.partition, committed, one.metadata or "")
        ticks = letters = 0
        for record in read_tail(self._bootstrap, topics.TICKS.name, self._tail_records):
            self._ingestor.restore_tick(record)
            ticks += 1
        for record in read_tail(self._bootstrap, topics.TICKS_REJECTED.name, self._tail_records):
            letters += self._restore_letter(record)
        numbers = sorted(one.partition for one in partitions)
        log.info("state_restored", partitions=numbers, ticks=ticks, pending_letters=letters)

    def _restore_letter(self, record: Record) -> bool:
        try:
            return self._ingestor.restore_letter(record)
        except NotADeadLetter as error:
            # Somebody else wrote to the topic; it says nothing about our decisions.
            log.warning("not_a_dead_letter", topic=record.topic, offset=record.offset, problem=str(error))
            return False

    def _report_loss(self, consumer: Consumer, place: TopicPartition, committed: int) -> None:
        """Retention may have deleted events that were never taken in. They are gone: go on, but loudly."""
        low, _ = consumer.get_watermark_offsets(place, timeout=ADMIN_TIMEOUT_S)
        if 0 < committed < low:
            metrics.INGEST_LOST.labels(topic=place.topic, partition=str(place.partition)).inc(low - committed)
            log.error(
                "raw_events_lost",
                partition=place.partition,
                committed_offset=committed,
                first_offset=low,
                meaning="retention deleted these raw events before they were taken in; send them again",
            )
