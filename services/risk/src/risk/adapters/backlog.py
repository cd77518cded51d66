"""What is on our topics already, read again at the start."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from chassis import metrics
from chassis.logs import get_logger
from chassis.table import read_table
from contracts import LimitEvent, Topic, Valuation, topics
from contracts.codec import decoder
from risk.core.state import RiskState

T = TypeVar("T", bound=msgspec.Struct)
log = get_logger(__name__)


def restore(bootstrap: str, state: RiskState) -> None:
    """Remember the newest valuations, so that a change of history reaches portfolios that do not move."""
    for valuation in _readable(bootstrap, topics.VALUATIONS, Valuation):
        state.remember(valuation)


def event_ids(bootstrap: str) -> set[str]:
    """The events on the topic of limit events."""
    return {event.event_id for event in _readable(bootstrap, topics.LIMIT_EVENTS, LimitEvent)}


def _readable(bootstrap: str, topic: Topic, kind: type[T]) -> Iterator[T]:
    """The records of a topic, without those that break its contract.

    They are left out when they come, too: one of them must not keep the service from starting ever again.
    """
    decode = decoder(kind).decode
    for record in read_table(bootstrap, topic.name):
        if record.value is None:
            continue
        try:
            yield decode(record.value)
        except msgspec.DecodeError as error:
            metrics.INVALID_RECORDS.labels(topic=topic.name).inc()
            place = f"{topic.name}[{record.partition}]@{record.offset}"
            log.error("record does not fit the contract, left out", place=place, error=str(error))
