"""How far market time has come, over all partitions."""

from collections.abc import Iterable


class Watermark:
    """The event time up to which ticks are expected to be complete. It never goes back.

    It is the least of the partitions' greatest event times, minus the allowed lateness. A partition that has
    been read to its end and stays silent for `idle_after_s` holds nobody up; when all are silent, the
    greatest event time of all counts. The grace keeps a partition in the calculation while its writer pauses
    between batches. Until a partition has shown a tick or its end, the watermark waits.
    """

    def __init__(self, allowed_lateness_us: int, idle_after_s: float) -> None:
        self._allowed_lateness_us = allowed_lateness_us
        self._idle_after_s = idle_after_s
        self._newest_us: dict[int, int | None] = {}
        self._at_end_since_s: dict[int, float] = {}
        self._value_us: int | None = None

    @property
    def value_us(self) -> int | None:
        """The watermark as of the last `advance`; None before the first."""
        return self._value_us

    def assign(self, partitions: Iterable[int]) -> None:
        """The partitions that are read."""
        self._newest_us = dict.fromkeys(partitions)
        self._at_end_since_s = {}

    def restore(self, value_us: int) -> None:
        """Go on from a watermark reached before a restart."""
        self._value_us = max(value_us, self._value_us or 0)

    def saw(self, partition: int, ts_event_us: int) -> None:
        """A tick was read."""
        newest_us = self._newest_us.get(partition)
        if newest_us is None or ts_event_us > newest_us:
            self._newest_us[partition] = ts_event_us
        self._at_end_since_s.pop(partition, None)

    def at_end(self, partition: int, now_s: float) -> None:
        """The partition has no more ticks for now; `now_s` is on a monotonic clock."""
        self._at_end_since_s.setdefault(partition, now_s)

    def advance(self, now_s: float) -> int | None:
        """The watermark now."""
        reached_us = self._reached_us(now_s)
        if reached_us is not None:
            candidate_us = reached_us - self._allowed_lateness_us
            if self._value_us is None or candidate_us > self._value_us:
                self._value_us = candidate_us
        return self._value_us

    def _reached_us(self, now_s: float) -> int | None:
        busy = [
            newest for partition, newest in self._newest_us.items() if not self._is_idle(partition, now_s)
        ]
        if any(newest is None for newest in busy):
            return None
        counted = busy or list(self._newest_us.values())
        known = [newest for newest in counted if newest is not None]
        if not known:
            return None
        return min(known) if busy else max(known)

    def _is_idle(self, partition: int, now_s: float) -> bool:
        since_s = self._at_end_since_s.get(partition)
        return since_s is not None and now_s - since_s >= self._idle_after_s
