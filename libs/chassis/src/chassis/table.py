"""A compacted topic read whole, then followed."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from chassis.bus import Record
from chassis.kafka import consume_now, is_final, new_consumer, to_record
from chassis.offsets import end_offsets, try_commit


class TableReader:
    """Every record of some topics, from the beginning on, by manual assignment.

    Offsets are committed to `group` only so that others see how far this reader is.
    """

    def __init__(self, bootstrap: str, topics: list[str], group: str) -> None:
        self._consumer = new_consumer(bootstrap, group)
        self._targets = {
            (topic, number): end
            for topic in topics
            for number, end in end_offsets(self._consumer, topic).items()
        }
        self._next = dict.fromkeys(self._targets, 0)
        self._committed: dict[tuple[str, int], int] = {}
        self._at_end: set[tuple[str, int]] = set()
        self._consumer.assign(
            [TopicPartition(topic, number, OFFSET_BEGINNING) for topic, number in self._targets]
        )

    def catch_up(self) -> Iterator[Record]:
        """Everything up to the end offsets seen when the reader was made."""
        while not all(self._reached(place) for place in self._targets):
            yield from self.poll(1.0)

    def poll(self, timeout_s: float) -> list[Record]:
        """Whatever is new."""
        records = []
        for message in consume_now(self._consumer, 5000, timeout_s):
            error = message.error()
            if error is None:
                record = to_record(message)
                self._next[record.topic, record.partition] = record.offset + 1
                records.append(record)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end.add((message.topic() or "", message.partition() or 0))
            elif is_final(error):
                raise KafkaException(error)
        return records

    def commit(self) -> None:
        """Say that everything returned so far has been taken in; what goes unheard is said the next time."""
        news = {
            place: offset for place, offset in self._next.items() if offset != self._committed.get(place, 0)
        }
        if news and try_commit(self._consumer, news):
            self._committed |= news

    def close(self) -> None:
        self._consumer.close()

    def _reached(self, place: tuple[str, int]) -> bool:
        # Compaction leaves gaps: the last record may lie below the end offset, so the end event counts too.
        return place in self._at_end or self._next[place] >= self._targets[place]


def read_table(bootstrap: str, topic: str) -> Iterator[Record]:
    """The records of one compacted topic up to its present end."""
    reader = TableReader(bootstrap, [topic], "table-reader")
    try:
        yield from reader.catch_up()
    finally:
        reader.close()
