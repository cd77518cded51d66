"""Why there is no number, as data."""

from contracts.analysis.common import Unavailable
from quant import Missing


def unavailable(found: object) -> Unavailable | None:
    """The reason in a result that is missing."""
    return Unavailable(found.reason, found.message) if isinstance(found, Missing) else None
