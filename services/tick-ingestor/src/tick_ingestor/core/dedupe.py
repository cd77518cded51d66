"""The ids of recent ticks, each with the raw event it came from."""

from typing import Literal

# (partition, offset) of a raw event in one integer: half the memory of a tuple. Offsets stay below 2^48.
_OFFSET_BITS = 48

Seen = Literal["new", "same", "duplicate"]


class RecentIds:
    """Remembers at most `capacity` ids and at least the newest half of that.

    Two generations: when the younger is full, the older is forgotten. That costs two look-ups per tick and
    no bookkeeping per id.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 2:
            raise ValueError(f"capacity was {capacity}; remember at least 2 ids")
        self._generation_size = capacity // 2
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def see(self, tick_id: str, partition: int, offset: int) -> Seen:
        """Note one tick: `new`, `same` (this very raw event, taken in before), or `duplicate` of another."""
        origin = partition << _OFFSET_BITS | offset
        known = self._young.get(tick_id)
        if known is None:
            known = self._old.get(tick_id)
            if known is None:
                if len(self._young) >= self._generation_size:
                    self._old, self._young = self._young, {}
                self._young[tick_id] = origin
                return "new"
        return "same" if known == origin else "duplicate"

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
