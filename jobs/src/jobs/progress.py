"""How far Bronze is. It rides in the note of each commit, so it is exactly as new as the data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Key = TypeVar("Key")

Pair = tuple[int, int]
"""(raw partition, tick partition): inside a pair raw offsets only rise unless the ingestor repeats itself."""


@dataclass(frozen=True)
class Progress:
    """Highest raw offset per pair; next offset, newest event time and ticks given up by tick partition."""

    marks: dict[Pair, int] = field(default_factory=dict)
    next_offsets: dict[int, int] = field(default_factory=dict)
    newest_event_us: dict[int, int] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    """how many ticks were deleted before Bronze had them, since the table began"""

    def without(self, lost: Mapping[int, range]) -> "Progress":
        """This progress moved past ticks that exist no more, which it counts from now on."""
        ends = {number: offsets.stop for number, offsets in lost.items()}
        counts = {number: self.lost.get(number, 0) + len(offsets) for number, offsets in lost.items()}
        return self.merged(Progress(next_offsets=ends, lost=counts))

    def merged(self, later: "Progress") -> "Progress":
        """This progress moved on by a batch; no number ever falls."""
        return Progress(
            _highest(self.marks, later.marks),
            _highest(self.next_offsets, later.next_offsets),
            _highest(self.newest_event_us, later.newest_event_us),
            _highest(self.lost, later.lost),
        )

    def to_note(self) -> str:
        """JSON text for the commit."""
        marks = {f"{raw}/{tick}": mark for (raw, tick), mark in self.marks.items()}
        note = {"marks": marks, "next_offsets": self.next_offsets, "newest_event_us": self.newest_event_us}
        return json.dumps(note | ({"lost": self.lost} if self.lost else {}))

    @staticmethod
    def from_note(note: dict[str, Any]) -> "Progress":
        """The inverse of `to_note`, of the parsed JSON."""
        return Progress(
            {_pair(name): mark for name, mark in note["marks"].items()},
            {int(number): offset for number, offset in note["next_offsets"].items()},
            {int(number): event for number, event in note["newest_event_us"].items()},
            {int(number): count for number, count in note.get("lost", {}).items()},
        )


def _pair(name: str) -> Pair:
    raw, _, tick = name.partition("/")
    return int(raw), int(tick)


def _highest(one: dict[Key, int], other: dict[Key, int]) -> dict[Key, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in one | other}
