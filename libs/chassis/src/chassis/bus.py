"""What handlers speak: records in, outputs out. No Kafka type crosses this line."""

from typing import NamedTuple

Headers = list[tuple[str, bytes]]


class Record(NamedTuple):
    """One message as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    timestamp_us: int


class Output(NamedTuple):
    """One message to be sent; `partition=None` lets the key decide. `value=None` is a tombstone."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: Headers | None = None
    partition: int | None = None
