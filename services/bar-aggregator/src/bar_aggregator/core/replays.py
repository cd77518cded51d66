"""Recognises what the ingestor sent twice because it crashed between sending and committing."""


class HighWaterMarks:
    """The greatest raw offset seen per (raw partition, tick partition).

    Inside such a pair raw offsets only rise, except when the ingestor reads raw events again. One mark per
    raw partition would not do: a slower tick partition would lose its ticks.
    """

    def __init__(self) -> None:
        self._marks: dict[tuple[int, int], int] = {}

    def is_replay(self, raw_partition: int, raw_offset: int, partition: int) -> bool:
        """Whether a tick at or above this raw offset came by before; if not, the mark rises to it."""
        pair = raw_partition, partition
        if raw_offset <= self._marks.get(pair, -1):
            return True
        self._marks[pair] = raw_offset
        return False
