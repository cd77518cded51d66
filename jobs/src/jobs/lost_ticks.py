"""Ticks that Kafka deleted before Bronze had them: found before a query starts, given up only by name."""

import re
from collections.abc import Mapping

Lost = Mapping[int, range]
"""The offsets, by tick partition, that are neither in Bronze nor on the topic any more."""

_PART = re.compile(r"(\d+):(\d+)-(\d+)")


class TicksLost(RuntimeError):
    """Bronze cannot go on without leaving ticks out, and nobody has said yet that it may."""

    def __init__(self, lost: Lost, setting: str) -> None:
        count = sum(len(offsets) for offsets in lost.values())
        super().__init__(
            f"{count} ticks lost: retention deleted them before Bronze had them. See "
            f"docs/runbooks/bronze-ticks-lost.md; {setting}={named(lost)} goes on without them"
        )
        self.lost = lost


def lost_ticks(next_offsets: Mapping[int, int], first_offsets: Mapping[int, int]) -> dict[int, range]:
    """What is missing between the offsets that Bronze reads next and the first ones the topic still has."""
    return {
        number: range(wanted, first_offsets[number])
        for number, wanted in sorted(next_offsets.items())
        if wanted < first_offsets.get(number, 0)
    }


def named(lost: Lost) -> str:
    """As text that `parse` reads: `partition:first-last`, by comma."""
    return ",".join(f"{number}:{offsets[0]}-{offsets[-1]}" for number, offsets in lost.items())


def parse(text: str) -> dict[int, range]:
    """The inverse of `named`. Raises ValueError."""
    found = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} was given for lost ticks; write partition:first-last, as 0:1200-1309")
        number, first, last = (int(group) for group in match.groups())
        found[number] = range(first, last + 1)
    return found


def covers(given_up: Lost, lost: Lost) -> bool:
    """Whether all that is lost was given up: what is lost later needs a decision of its own."""
    return all(
        number in given_up and offsets[0] in given_up[number] and offsets[-1] in given_up[number]
        for number, offsets in lost.items()
    )
