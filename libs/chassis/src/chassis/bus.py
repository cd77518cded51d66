"""What handlers speak: records in, outputs out. No Kafka type crosses this line.

Structs, because one is made per tick: a NamedTuple takes five times as long to make and occupies the garbage
collector. They hold no reference cycles, so they need none.
"""

import msgspec

Headers = list[tuple[str, bytes]]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One message as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    timestamp_us: int


class Output(msgspec.Struct, frozen=True, gc=False):
    """One message to be sent; `partition=None` lets the key decide. `value=None` is a tombstone."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: Headers | None = None
    partition: int | None = None
