"""What a topic constant holds, and how the key of its records is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of the bus. `retention_ms` -1 is for ever; `key` names the fields of the key."""

    name: str
    lifecycle: str
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    key: str | None
    partitions: int
    cleanup_policy: str
    retention_ms: int
    record_in: str
    record: type[Struct]

    def key_of(self, record: Struct) -> bytes:
        """The Kafka key of `record`, such as b"AAPL" or b"GROWTH/AAPL".

        The part `date` is the UTC date of `as_of`. ValueError where the key is not made from the record.
        """
        if self.key is None:
            raise ValueError(f"{self.name}: the key is not made from the record; pass the original key on")
        return "/".join(_key_part(record, part) for part in self.key.split("/")).encode()


def _key_part(record: Struct, part: str) -> str:
    if part == "date":
        as_of: datetime = getattr(record, "as_of")  # noqa: B009 - Struct itself has no such field
        return as_of.date().isoformat()
    return str(getattr(record, part))
