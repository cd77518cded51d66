"""Conservation: received = accepted + duplicate + rejected, per raw partition, since the topic began."""

from collections import Counter

import msgspec

from contracts import RejectReason


class CorruptCounts(ValueError):
    """The metadata of a committed offset does not hold counts that add up."""


class StoredCounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counts as they stand in the metadata of a committed offset."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: dict[RejectReason, int] = {}


_decode = msgspec.json.Decoder(StoredCounts).decode
_encode = msgspec.json.Encoder().encode


class PartitionCounts:
    """Counts of one raw partition."""

    __slots__ = ("accepted", "duplicate", "received", "rejected")

    def __init__(self) -> None:
        self.received = 0
        self.accepted = 0
        self.duplicate = 0
        self.rejected: Counter[RejectReason] = Counter()

    def check(self) -> None:
        """Raise CorruptCounts when the sum does not hold: a bug, and we stop rather than lose count."""
        if self.received != self.accepted + self.duplicate + self.rejected.total():
            raise CorruptCounts(f"received = accepted + duplicate + rejected does not hold: {self.to_text()}")

    def to_text(self) -> str:
        """JSON for the metadata of the offset these counts belong to."""
        stored = StoredCounts(self.received, self.accepted, self.duplicate, dict(self.rejected))
        return _encode(stored).decode()

    @classmethod
    def from_text(cls, text: str) -> "PartitionCounts":
        """The counts in a commit's metadata; zeros when it has none (nothing was committed yet)."""
        counts = cls()
        if not text:
            return counts
        try:
            stored = _decode(text)
        except msgspec.MsgspecError as error:
            raise CorruptCounts(
                f"metadata {text!r} of the committed offset holds no counts ({error}); was it committed by "
                "another program in this group? Reset the offset to start counting anew"
            ) from error
        counts.received, counts.accepted, counts.duplicate = (
            stored.received,
            stored.accepted,
            stored.duplicate,
        )
        counts.rejected = Counter(stored.rejected)
        counts.check()
        return counts
