"""Dead letters as they lie on their topic, and which of them are meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from chassis.bus import Headers, Record
from chassis.clock import from_us
from chassis.table import read_table
from contracts import RejectedTick, topics
from contracts.codec import DEAD_LETTER_PREFIX, rejected_from_headers

CUT_HEADER = DEAD_LETTER_PREFIX + "cut"
MIDNIGHT_LENGTH = len("2024-03-01")


@dataclass(frozen=True)
class Letter:
    """One dead letter; `id` is its partition/offset, `cut` says that the original is not whole."""

    id: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    rejected: RejectedTick
    symbol: str | None
    cut: bool

    @property
    def failed_at(self) -> datetime:
        return from_us(self.rejected.failed_at_us)

    def summary(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "failed_at": self.failed_at.isoformat(),
            "reason": self.rejected.reason,
            "symbol": self.symbol,
            "message": self.rejected.message,
        }

    def details(self) -> dict[str, Any]:
        """Everything, for a person: bytes as text, what is no text as an escape."""
        return {
            **self.summary(),
            "origin": f"{self.rejected.topic} {self.rejected.partition}/{self.rejected.offset}",
            "service": self.rejected.service,
            "cut": self.cut,
            "key": as_text(self.key),
            "value": as_text(self.value),
            "headers": [[name, as_text(value)] for name, value in self.headers],
        }


@dataclass(frozen=True)
class Filter:
    """Which letters are meant; None means all."""

    reason: str | None = None
    since: datetime | None = None
    symbol: str | None = None

    def takes(self, letter: Letter) -> bool:
        return (
            (self.reason is None or letter.rejected.reason == self.reason)
            and (self.since is None or letter.failed_at >= self.since)
            and (self.symbol is None or letter.symbol == self.symbol)
        )


def read_letters(bootstrap: str, wanted: Filter) -> Iterator[Letter]:
    """The letters on the topic up to its present end that pass the filter."""
    for record in read_table(bootstrap, topics.TICKS_REJECTED.name):
        letter = to_letter(record)
        if wanted.takes(letter):
            yield letter


def to_letter(record: Record) -> Letter:
    """The record as a letter. Raises NotADeadLetter when its headers do not say what was wrong."""
    headers = record.headers or []
    return Letter(
        id=f"{record.partition}/{record.offset}",
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=headers,
        rejected=rejected_from_headers(headers),
        symbol=_symbol(record),
        cut=any(name == CUT_HEADER for name, _ in headers),
    )


def parse_since(text: str) -> datetime:
    """An ISO date (UTC) or a time with a zone. Raises ValueError with what to write."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--since {text!r}: write 2024-03-01 or 2024-03-01T14:30:00Z") from None
    if len(text) == MIDNIGHT_LENGTH:
        return moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"--since {text!r} has no zone; write for example {text}Z")
    return moment


def as_text(data: bytes | None) -> str | None:
    """Bytes as text; what is no UTF-8 as an escape."""
    return None if data is None else data.decode("utf-8", "backslashreplace")


def printable(text: object) -> str:
    """Text that a terminal can show: a refused event may hold control sequences."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(text)
    )


def _symbol(record: Record) -> str | None:
    """The symbol the original names, else its key: the original may be anything."""
    try:
        content = msgspec.json.decode(record.value or b"")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        content = None
    symbol = content.get("symbol") if isinstance(content, dict) else None
    return symbol if isinstance(symbol, str) else as_text(record.key)
