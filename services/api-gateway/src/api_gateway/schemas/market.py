"""Instruments and bars: an item is the message of the topic as it is."""

from msgspec import Struct

from api_gateway.schemas.common import Cursor
from contracts import Bar, Instrument


class InstrumentList(Struct, frozen=True, kw_only=True):
    """A page of instruments by symbol."""

    data: tuple[Instrument, ...]
    next_cursor: Cursor | None = None


class BarList(Struct, frozen=True, kw_only=True):
    """A page of bars by window_start and revision; windows are half-open and named by their start."""

    data: tuple[Bar, ...]
    next_cursor: Cursor | None = None
