"""Sends dead letters back to where they came from, each once.

What was replayed is remembered in the stack's directory, by position on the topic of dead letters. That is
enough because it only spares work: a letter replayed twice, say from two machines, has the same tick id and
counts once. To scan the raw topic for `dlq.replayed_from` would be slow and forget after its retention.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chassis.bus import Output
from chassis.kafka import Publisher
from contracts import topics
from contracts.codec import DEAD_LETTER_PREFIX
from local_stack.state import read_json, write_json
from tapeline_cli.dlq.letters import Letter

REPLAYED_FROM = DEAD_LETTER_PREFIX + "replayed_from"
BATCH = 1000


class Replayed:
    """Positions of the letters that were replayed before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        known = read_json(path)
        self._offsets: dict[str, set[int]] = defaultdict(set, {part: set(known[part]) for part in known})

    def __contains__(self, letter: Letter) -> bool:
        return letter.offset in self._offsets.get(str(letter.partition), ())

    def add(self, letter: Letter) -> None:
        self._offsets[str(letter.partition)].add(letter.offset)

    def save(self) -> None:
        """Write it down; call after the broker has acknowledged what was added."""
        write_json(self._path, {part: sorted(offsets) for part, offsets in sorted(self._offsets.items())})


@dataclass
class ReplayResult:
    """What became of the letters that were meant."""

    replayed: int = 0
    already_replayed: int = 0
    not_whole: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def to_output(letter: Letter) -> Output:
    """The original event again: same bytes, key, partition and headers, and where it comes from."""
    original = [(name, value) for name, value in letter.headers if not name.startswith(DEAD_LETTER_PREFIX)]
    headers = [*original, (REPLAYED_FROM, letter.id.encode())]
    return Output(topics.TICKS_RAW.name, letter.value, letter.key, headers, letter.rejected.partition)


def replay_letters(
    letters: Iterable[Letter], publisher: Publisher | None, replayed: Replayed, again: bool
) -> ReplayResult:
    """Send the letters; without a publisher only count them. PublishError when the broker refuses one."""
    result = ReplayResult()
    for letter in letters:
        if letter.cut:
            result.not_whole += 1
        elif letter in replayed and not again:
            result.already_replayed += 1
        else:
            result.replayed += 1
            if publisher is not None:
                publisher.send(to_output(letter))
                replayed.add(letter)
                if result.replayed % BATCH == 0:
                    _keep(publisher, replayed)
    if publisher is not None:
        _keep(publisher, replayed)
    return result


def _keep(publisher: Publisher, replayed: Replayed) -> None:
    publisher.flush()
    replayed.save()
