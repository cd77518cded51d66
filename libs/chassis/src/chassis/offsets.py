"""Where partitions begin and end, and how far a consumer group is."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from chassis.logs import get_logger

T = TypeVar("T")
Place = tuple[str, int]
"""topic, partition"""

ADMIN_TIMEOUT_S = 10.0
BROKER_WAIT_S = 30.0
_BROKER_AWAY = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._WAIT_COORD,
    KafkaError._TIMED_OUT,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NETWORK_EXCEPTION,
}
# The group has gone on without us: the next poll tells what we have lost.
_OUT_OF_GROUP = {
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
}
log = get_logger(__name__)


def partitions_of(consumer: Consumer, topic: str) -> list[int]:
    """Partition numbers of an existing topic; LookupError when it does not exist."""
    metadata = consumer.list_topics(topic, timeout=ADMIN_TIMEOUT_S).topics.get(topic)
    if metadata is None or metadata.error is not None or not metadata.partitions:
        raise LookupError(f"topic {topic} does not exist; `tapeline up` creates it")
    return sorted(metadata.partitions)


def end_offsets(consumer: Consumer, topic: str) -> dict[int, int]:
    """Next offset to be written, per partition."""
    return {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=ADMIN_TIMEOUT_S)[1]
        for number in partitions_of(consumer, topic)
    }


def committed(consumer: Consumer, topic: str) -> dict[int, tuple[int, str]]:
    """Committed next offset and its metadata per partition of the consumer's group, where there is one."""
    wanted = [TopicPartition(topic, number) for number in partitions_of(consumer, topic)]
    found = _once_back(lambda: consumer.committed(wanted, timeout=ADMIN_TIMEOUT_S))
    return {one.partition: (one.offset, one.metadata or "") for one in found if one.offset != OFFSET_INVALID}


def commit(consumer: Consumer, offsets: dict[Place, int], notes: dict[Place, str] | None = None) -> None:
    """Commit next offsets synchronously, each with its note as metadata."""
    wanted = _wanted(offsets, notes or {})
    _once_back(lambda: consumer.commit(offsets=wanted, asynchronous=False))


def try_commit(consumer: Consumer, offsets: dict[Place, int], notes: dict[Place, str] | None = None) -> bool:
    """Commit like `commit`, once; False when the broker is away or the group has gone on without us.

    For whoever tries again later: what is not committed is only read again after a restart.
    """
    try:
        consumer.commit(offsets=_wanted(offsets, notes or {}), asynchronous=False)
    except KafkaException as error:
        if error.args[0].code() not in _BROKER_AWAY | _OUT_OF_GROUP:
            raise
        log.warning("progress_not_committed", error=str(error))
        return False
    return True


def _wanted(offsets: dict[Place, int], notes: dict[Place, str]) -> list[TopicPartition]:
    return [TopicPartition(*place, offset, notes.get(place, "")) for place, offset in offsets.items()]


def _once_back(ask: Callable[[], T]) -> T:
    """The answer of a broker that may be starting, and then still looks for the group's coordinator."""
    for attempt in stamina.retry_context(
        on=_is_away, attempts=None, timeout=BROKER_WAIT_S, wait_initial=0.05, wait_max=0.5
    ):
        with attempt:
            return ask()
    raise AssertionError("unreachable: the last attempt returns or raises")


def _is_away(error: Exception) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() in _BROKER_AWAY
