"""How far every partition has been read, valued, published and stored.

An offset is committed only when everything that followed from the records before it is both on Kafka and in
PostgreSQL.
"""

from collections.abc import Mapping

Place = tuple[str, int]
Offsets = dict[Place, int]


class Progress:
    """Next offsets per partition at each step. All start where the database says that it was left."""

    def __init__(self, start: Mapping[Place, int]) -> None:
        self.read: Offsets = dict(start)
        self.settled: Offsets = dict(start)
        """Read and nothing left to value officially; may be stored."""
        self.stored: Offsets = dict(start)
        self.published: Offsets = dict(start)
        self.committed: Offsets = {}

    def take(self, place: Place, next_offset: int) -> None:
        """A record was handled, or the end of the partition was seen."""
        if next_offset > self.read[place]:
            self.read[place] = next_offset

    def moves(self) -> dict[Place, tuple[int, int]]:
        """What to store: for each partition that moved the stored offset and the settled one."""
        return {
            place: (self.stored[place], offset)
            for place, offset in self.settled.items()
            if offset != self.stored[place]
        }

    def to_commit(self) -> Offsets:
        """Next offsets that are published and stored and not committed yet."""
        safe = {place: min(offset, self.published[place]) for place, offset in self.stored.items()}
        return {place: offset for place, offset in safe.items() if offset != self.committed.get(place)}
