"""What every feed hands out: encoded events that are due."""

from typing import Literal, NamedTuple, Protocol

Kind = Literal["good", "duplicate", "malformed"]
KINDS: tuple[Kind, ...] = ("good", "duplicate", "malformed")


class Event(NamedTuple):
    """One raw event: key and JSON bytes, and what the fault switches made of it."""

    key: bytes
    value: bytes
    kind: Kind = "good"


class Feed(Protocol):
    """A stream of events in the order of their feed time (microseconds since 1970)."""

    def due_us(self) -> int | None:
        """Feed time of the next event; None when there is none left."""
        ...

    def take(self, until_us: int, limit: int) -> list[Event]:
        """The next events due at or before `until_us`, about `limit` of them at most."""
        ...
