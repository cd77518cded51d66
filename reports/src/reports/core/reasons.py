"""Why there is no number, as data."""

from msgspec import Struct

from quant import Missing


class Unavailable(Struct, frozen=True, kw_only=True):
    """Why there is no number; `reason` is one of the list in docs/reference/measures.md."""

    reason: str
    message: str


def unavailable(found: object) -> Unavailable | None:
    """The reason in a result that is missing."""
    return Unavailable(reason=found.reason, message=found.message) if isinstance(found, Missing) else None
