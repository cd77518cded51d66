"""The newest records of a topic, read once."""

from collections.abc import Iterator

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from chassis.bus import Record
from chassis.kafka import consume_now, is_final, new_consumer, to_record
from chassis.offsets import ADMIN_TIMEOUT_S, partitions_of

BATCH_SIZE = 10_000


def read_tail(bootstrap: str, topic: str, per_partition: int) -> Iterator[Record]:
    """At most the last `per_partition` records of each partition, up to the end offsets of now."""
    consumer = new_consumer(bootstrap, "tick-ingestor.tail")
    try:
        ends: dict[int, int] = {}
        starts: list[TopicPartition] = []
        for number in partitions_of(consumer, topic):
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=ADMIN_TIMEOUT_S)
            if high > low:
                ends[number] = high
                starts.append(TopicPartition(topic, number, max(low, high - per_partition)))
        consumer.assign(starts)
        while ends:
            for message in consume_now(consumer, BATCH_SIZE, 1.0):
                error = message.error()
                number = message.partition() or 0
                if error is None:
                    record = to_record(message)
                    if record.offset + 1 >= ends.get(number, 0):
                        ends.pop(number, None)
                    yield record
                elif error.code() == KafkaError._PARTITION_EOF:
                    ends.pop(number, None)
                elif is_final(error):
                    raise KafkaException(error)
    finally:
        consumer.close()
