"""How long the oldest record that a group has not finished has been waiting, without reading any record."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from api_gateway.core.pipeline import Commit, Offsets, Place

SAMPLES_MAX = 2_000
"""End offsets remembered per partition; every second one is forgotten beyond that, so the span stays."""


@dataclass(frozen=True, slots=True)
class GroupLag:
    """One group on one topic: records not finished, and the age of the oldest of them in seconds."""

    records: int
    seconds: float


class _Ends:
    """When each end offset of a partition was first seen; both lists rise."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.ends: list[int] = []

    def note(self, now_s: float, end: int) -> None:
        if self.ends and self.ends[-1] > end:  # the topic was made anew
            self.times_s, self.ends = [], []
        if not self.ends or self.ends[-1] < end:
            self.times_s.append(now_s)
            self.ends.append(end)
        if len(self.ends) > SAMPLES_MAX:
            self.times_s, self.ends = self.times_s[::2], self.ends[::2]

    def age_s(self, now_s: float, offset: int) -> float:
        """Age of the record at this offset: it came before the first end beyond it was seen."""
        found = bisect_right(self.ends, offset)
        return now_s - self.times_s[found] if found < len(self.ends) else 0.0


class LagClock:
    """Dates records by when the end of their partition passed them.

    Ages begin at the first reading: what had been waiting before is told as younger than it is.
    """

    def __init__(self) -> None:
        self._ends: dict[Place, _Ends] = {}

    def read(self, offsets: Offsets, now_s: float) -> dict[tuple[str, str], GroupLag]:
        """Lag per group and topic; `now_s` is on a monotonic clock and rises from call to call."""
        for place, (_, end) in offsets.ranges.items():
            self._ends.setdefault(place, _Ends()).note(now_s, end)
        found: dict[tuple[str, str], GroupLag] = {}
        for group, commits in offsets.commits.items():
            for topic in {topic for topic, _ in commits}:
                found[group, topic] = self._group(topic, commits, offsets, now_s)
        return found

    def _group(self, topic: str, commits: Mapping[Place, Commit], offsets: Offsets, now_s: float) -> GroupLag:
        """A partition without a commit counts from its beginning, as the group would read it."""
        records, seconds = 0, 0.0
        for place, (begin, end) in offsets.ranges.items():
            if place[0] != topic:
                continue
            commit = commits.get(place)
            done = begin if commit is None else max(begin, commit.offset)
            if done < end:
                records += end - done
                seconds = max(seconds, self._ends[place].age_s(now_s, done))
        return GroupLag(records, seconds)
