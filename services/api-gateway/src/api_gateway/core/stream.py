"""Changes of the memory view for those who follow it: the newest of every key, in the order of change.

There is no queue per client. A client is a cursor, the sequence number it has got; what it lacks is every key
that changed after it. So whatever it missed in between is conflated by itself, and memory does not grow with
slow or absent clients.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

StreamTopic = Literal["values", "risk", "limits", "bars"]
ALL_TOPICS: tuple[StreamTopic, ...] = ("values", "risk", "limits", "bars")
KEPT_BARS = 3
"""Windows kept per symbol, the last that changed; older bars are what GET bars is for."""
KEPT_REMOVALS = 1000


class Key(NamedTuple):
    """What a change is about: `subject` is the portfolio or the symbol, `part` basis, limit or window."""

    topic: StreamTopic
    subject: str
    part: str


@dataclass(slots=True)
class Change:
    """The newest of one key; `what` is None when it was removed. `frame` is kept for all clients."""

    sequence: int
    key: Key
    what: object | None
    frame: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client follows; portfolios or symbols None means all of them."""

    topics: frozenset[StreamTopic] = frozenset(ALL_TOPICS)
    portfolios: frozenset[str] | None = None
    symbols: frozenset[str] | None = None

    def within(self, reached: frozenset[str] | None) -> "Wanted":
        """The same without portfolios that are not reached; None are all."""
        if reached is None:
            return self
        portfolios = reached if self.portfolios is None else self.portfolios & reached
        return Wanted(self.topics, portfolios, self.symbols)

    def takes(self, key: Key) -> bool:
        subjects = self.symbols if key.topic == "bars" else self.portfolios
        return key.topic in self.topics and (subjects is None or key.subject in subjects)


class Changes:
    """The log of changes, compacted to the newest per key."""

    def __init__(self) -> None:
        self._newest: dict[Key, Change] = {}  # in the order of their sequence
        self._bars: dict[str, list[Key]] = {}
        self._removed: list[Key] = []
        self.sequence = 0
        self.forgotten = 0
        """Everything newer than this is known; a cursor before it cannot be resumed."""

    def put(self, key: Key, what: object) -> None:
        """`what` is the newest of `key`."""
        self._append(key, what)
        if key.topic == "bars":
            recent = self._bars.setdefault(key.subject, [])
            if key in recent:
                recent.remove(key)
            recent.append(key)
            if len(recent) > KEPT_BARS:
                self._forget(recent.pop(0))

    def remove(self, key: Key) -> None:
        """`key` is no more; nothing happens when it was not there."""
        held = self._newest.get(key)
        if held is None or held.what is None:
            return
        self._append(key, None)
        self._removed.append(key)
        if len(self._removed) > KEPT_REMOVALS:
            oldest = self._removed.pop(0)
            if self._newest[oldest].what is None:  # it may have come back
                self._forget(oldest)

    def since(self, cursor: int, wanted: Wanted) -> list[Change]:
        """The newest of every wanted key that changed after `cursor`, oldest first."""
        found: list[Change] = []
        for change in reversed(self._newest.values()):
            if change.sequence <= cursor:
                break
            if wanted.takes(change.key):
                found.append(change)
        found.reverse()
        return found

    def snapshot(self, wanted: Wanted) -> list[Change]:
        """Everything wanted that exists, by its last change: so a broken snapshot can be resumed."""
        return [change for change in self.since(0, wanted) if change.what is not None]

    def can_resume(self, cursor: int) -> bool:
        return self.forgotten <= cursor <= self.sequence

    def _append(self, key: Key, what: object | None) -> None:
        self.sequence += 1
        self._newest.pop(key, None)
        self._newest[key] = Change(self.sequence, key, what)

    def _forget(self, key: Key) -> None:
        change = self._newest.pop(key)
        self.forgotten = max(self.forgotten, change.sequence)


def cursor_of(event_id: str | None, epoch: str) -> int | None:
    """The sequence in an id of this process; None for none, another process's or no id at all."""
    found, _, sequence = (event_id or "").partition("-")
    return int(sequence) if found == epoch and sequence.isascii() and sequence.isdecimal() else None


def event(name: str, data: bytes, event_id: str = "") -> bytes:
    """One Server-Sent Event; `data` is JSON on one line."""
    head = f"id: {event_id}\nevent: {name}\n" if event_id else f"event: {name}\n"
    return b"%sdata: %s\n\n" % (head.encode(), data)
