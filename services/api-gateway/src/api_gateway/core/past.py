"""Which past an answer is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """Market time up to which facts count, and our time up to which they were recorded; None is no bound."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    def __str__(self) -> str:
        told = (("at or before", self.as_of), ("known at", self.known_at))
        return ", ".join(f"{word} {when.isoformat()}" for word, when in told if when is not None)


NOW = Moment()
