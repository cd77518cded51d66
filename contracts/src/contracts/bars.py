"""What two bars of one window say of the market."""

from contracts.types import Bar

# When, in which state and by whom a bar was made differs always.
_TRADED = (
    "open",
    "high",
    "low",
    "close",
    "vwap",
    "volume",
    "trades",
    "currency",
    "first_tick_id",
    "last_tick_id",
)


def different_fields(provisional: Bar, final: Bar) -> tuple[str, ...]:
    """Names of the fields of what was traded in which two bars of the same window differ."""
    return tuple(name for name in _TRADED if getattr(provisional, name) != getattr(final, name))
