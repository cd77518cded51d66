"""Time as a dependency, so that a replayed day behaves like the day itself."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_us(ts_us: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970-01-01."""
    return EPOCH + timedelta(microseconds=ts_us)


class Clock(Protocol):
    """Where a service takes its own time from; market time is on the messages."""

    def now_us(self) -> int: ...

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def now(self) -> datetime:
        return from_us(self.now_us())

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class FixedClock:
    """A clock for tests: it stands still until it is moved."""

    ts_us: int = 0

    def now_us(self) -> int:
        return self.ts_us

    def now(self) -> datetime:
        return from_us(self.ts_us)

    def monotonic(self) -> float:
        return self.ts_us / 1e6

    def advance_s(self, seconds: float) -> None:
        self.ts_us += round(seconds * 1e6)
