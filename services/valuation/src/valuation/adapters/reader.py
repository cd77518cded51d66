"""The input topics, read by manual assignment from the offsets that PostgreSQL holds."""

import json

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from chassis import metrics
from chassis.bus import Record
from chassis.kafka import consume_now, is_final, new_consumer, to_record
from chassis.logs import get_logger
from chassis.offsets import ADMIN_TIMEOUT_S, partitions_of, try_commit
from valuation.core.progress import Offsets, Place

log = get_logger(__name__)

BATCH = 5000


class OffsetBeyondEnd(RuntimeError):
    """PostgreSQL remembers records that the broker does not have."""


class Reader:
    """One consumer over all partitions of some topics. It reads; the caller says what is done."""

    def __init__(self, bootstrap: str, group: str, topics: list[str]) -> None:
        self._group = group
        self._consumer: Consumer = new_consumer(bootstrap, group)
        self.places: list[Place] = [
            (topic, number) for topic in topics for number in partitions_of(self._consumer, topic)
        ]
        self._places = frozenset(self.places)
        for topic in topics:  # an alert on the first invalid record must have seen the zero before it
            metrics.INVALID_RECORDS.labels(topic=topic)

    def __contains__(self, place: Place) -> bool:
        """Whether the place is a partition here; progress is also kept on what is in PostgreSQL alone."""
        return place in self._places

    def seek(self, offsets: Offsets, *, again_ms: dict[str, int]) -> None:
        """Go on at these offsets; of the topics in `again_ms` read again what came since that broker time.

        Raises OffsetBeyondEnd when a topic was made anew under our feet.
        """
        starts = {place: self._checked(place, offset) for place, offset in offsets.items() if place in self}
        for place, earlier in self._offsets_at(again_ms).items():
            starts[place] = min(starts[place], earlier)
        self._consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])

    def poll(self, timeout_s: float, *, gather: bool) -> tuple[list[Record], Offsets]:
        """Records, and the partitions that were read to their end with the offset there.

        With `gather` the whole time is used to collect, otherwise the first record ends the wait.
        """
        if gather:
            messages = self._consumer.consume(BATCH, timeout_s)
        else:
            messages = consume_now(self._consumer, BATCH, timeout_s)
        records: list[Record] = []
        ends: Offsets = {}
        for message in messages:
            if message.error() is None:
                records.append(to_record(message))
            else:
                ends |= _end_of(message)
        return records, ends

    def commit(self, offsets: Offsets, watermark_us: int | None) -> bool:
        """Tell the group's progress to whoever watches it; returns whether the broker took it.

        Where to go on is decided by PostgreSQL, so a broker that is away for a moment is no reason to stop.
        """
        note = json.dumps({"watermark_us": watermark_us})
        offsets = {place: offset for place, offset in offsets.items() if place in self}
        return not offsets or try_commit(self._consumer, offsets, dict.fromkeys(offsets, note))

    def measure_lag(self, read: Offsets) -> None:
        """Renew the lag metric from what the client knows of the partitions' ends."""
        for (topic, number), offset in read.items():
            if (topic, number) not in self:
                continue
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), cached=True)
            if end >= 0:
                lag = metrics.CONSUMER_LAG_RECORDS.labels(group=self._group, topic=topic, partition=number)
                lag.set(max(0, end - offset))

    def close(self) -> None:
        self._consumer.close()

    def _offsets_at(self, times_ms: dict[str, int]) -> Offsets:
        """The first offset at or after a broker time, of every partition of these topics that has one."""
        wanted = [
            TopicPartition(topic, number, times_ms[topic])
            for topic, number in self.places
            if topic in times_ms
        ]
        found = self._consumer.offsets_for_times(wanted, timeout=ADMIN_TIMEOUT_S)
        return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}

    def _checked(self, place: Place, offset: int) -> int:
        """The offset to begin at: the stored one, or the first that the broker still has."""
        partition = TopicPartition(*place)
        low, end = self._consumer.get_watermark_offsets(partition, timeout=ADMIN_TIMEOUT_S)
        name = f"{place[0]}[{place[1]}]"
        if offset > end:
            raise OffsetBeyondEnd(
                f"{name} ends at {end}, but PostgreSQL has taken in everything before {offset}: the topic "
                "was made anew. Reset PostgreSQL and Kafka together (`tapeline reset`)"
            )
        if 0 < offset < low:
            log.error("retention passed us", partition=name, stored_offset=offset, first_offset=low)
        return max(offset, low)


def _end_of(message: Message) -> Offsets:
    error = message.error()
    assert error is not None
    if error.code() == KafkaError._PARTITION_EOF:
        return {(message.topic() or "", message.partition() or 0): message.offset() or 0}
    if is_final(error):
        raise KafkaException(error)
    return {}
