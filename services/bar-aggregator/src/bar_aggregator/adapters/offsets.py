"""Progress of the Spark path, shown to others as offsets of a consumer group."""

import json
import threading
from collections.abc import Mapping

from confluent_kafka import TopicPartition

from chassis.kafka import new_consumer
from chassis.offsets import ADMIN_TIMEOUT_S, commit, partitions_of
from contracts import topics
from jobs.progress import Progress

GROUP = "bar-aggregator.bronze"


class BronzeOffsets:
    """Commits how far Bronze is. Nothing reads from here on a restart: the truth is in Delta."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = new_consumer(bootstrap, GROUP)
        self._lock = threading.Lock()

    def first_offsets(self) -> dict[int, int]:
        """The oldest offset that the ticks topic still has, per partition."""
        topic = topics.TICKS.name
        with self._lock:
            return {
                number: self._consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=ADMIN_TIMEOUT_S
                )[0]
                for number in partitions_of(self._consumer, topic)
            }

    def commit_ticks(self, progress: Progress) -> None:
        """Next offset of ticks per partition, with the newest event time as watermark."""
        notes = {
            number: json.dumps({"watermark_us": event_us})
            for number, event_us in progress.newest_event_us.items()
        }
        self._commit(topics.TICKS.name, progress.next_offsets, notes)

    def commit_rejected(self, next_offsets: Mapping[int, int]) -> None:
        """Next offset of dead letters per partition."""
        self._commit(topics.TICKS_REJECTED.name, next_offsets, {})

    def close(self) -> None:
        self._consumer.close()

    def _commit(self, topic: str, offsets: Mapping[int, int], notes: Mapping[int, str]) -> None:
        if not offsets:
            return
        with self._lock:  # two queries, two threads
            commit(
                self._consumer,
                {(topic, number): offset for number, offset in offsets.items()},
                {(topic, number): note for number, note in notes.items()},
            )
