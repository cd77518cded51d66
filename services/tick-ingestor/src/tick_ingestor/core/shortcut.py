"""The short way of an event that is good and plainly written, as nearly all of them are.

It takes an event only when each part of it is one that `normalise` takes, and then makes the same tick.
Whatever is unusual or wrong goes the long way, which knows every spelling and names what is wrong.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

from contracts import Tick
from tick_ingestor.core.amounts import VOLUME_MAX, PriceScale
from tick_ingestor.core.currencies import MINOR_DIGITS, MINOR_UNITS
from tick_ingestor.core.identity import hashed_id
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.memo import Memo
from tick_ingestor.core.optional import SEQ_LIMIT, text_problem
from tick_ingestor.core.rejection import Rejection
from tick_ingestor.core.timestamps import timestamp_us

BACKSLASH, COLON = ord("\\"), b":"
COLONS = 11 + 2  # one after each name, two in a time
SECOND_CHARACTERS = 19
UTC_IN_DIGITS = "+00:00"  # as Python writes it
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d", re.ASCII)
_FRACTION = re.compile(r"(\.\d+)?(Z|\+00:00)", re.ASCII)
_NOT_PLAIN = Rejection("wrong_type", "written in an unusual way")


class Event(msgspec.Struct, frozen=True, gc=False):
    """RawTick with its prices as text: looking that up is much cheaper than making decimals of it."""

    symbol: str
    ts_event: str
    price: Raw
    currency: str
    exchange: str
    volume: int
    source: str | UnsetType | None = UNSET
    seq: int | UnsetType | None = UNSET
    bid: Raw | UnsetType = UNSET
    ask: Raw | UnsetType = UNSET
    sale_condition: str | UnsetType | None = UNSET


_decode: Callable[[bytes], Event] = cast(Any, msgspec.json.Decoder(Event)).decode
_decimal = msgspec.json.Decoder(Decimal | None).decode


class WrittenPrices:
    """Prices of one scale, by the JSON in which they are written."""

    def __init__(self, scale: PriceScale) -> None:
        self._scale = scale
        self.prices = Memo(self._price)
        self.quotes = Memo(self._quote)

    def _price(self, text: bytes) -> int | Rejection:
        price = _decimal(text)
        return _NOT_PLAIN if price is None else self._scale.price(price)

    def _quote(self, text: bytes) -> int | Rejection | None:
        price = _decimal(text)
        return None if price is None else self._scale.quote("quote", price)


class Shortcut:
    """Makes ticks of plain events; it remembers how prices, times and texts were read before."""

    def __init__(self, instruments: InstrumentTable, max_message_bytes: int, max_ahead_us: int) -> None:
        self._instruments = instruments
        self._max_message_bytes = max_message_bytes
        self._max_ahead_us = max_ahead_us
        self._major = WrittenPrices(PriceScale())
        self._minor = WrittenPrices(PriceScale(MINOR_DIGITS))
        self._seconds = Memo(_second_us)
        self._fractions = Memo(_fraction_us)
        self._texts = Memo(_text)

    def tick(
        self, value: bytes | None, ts_ingest_us: int, raw_partition: int, raw_offset: int
    ) -> Tick | None:
        """The tick of a plain event; None for every other."""
        if value is None or len(value) > self._max_message_bytes:
            return None
        try:
            event = _plain(value)
            listing = self._instruments.listings[event.symbol]
            exchange = self._instruments.venues[event.exchange]
            text = event.ts_event
            ts_event_us = self._seconds[text[:SECOND_CHARACTERS]] + self._fractions[text[SECOND_CHARACTERS:]]
            if event.currency == listing.currency:
                scale = self._major
            elif MINOR_UNITS[event.currency] == listing.currency:
                scale = self._minor
            else:
                return None
            price_e8 = scale.prices[bytes(event.price)]
            bid_e8 = None if event.bid is UNSET else scale.quotes[bytes(event.bid)]
            ask_e8 = None if event.ask is UNSET else scale.quotes[bytes(event.ask)]
            source = self._texts[event.source]
            sale_condition = self._texts[event.sale_condition]
        except (KeyError, ValueError, RecursionError, msgspec.MsgspecError):
            return None
        volume, seq = event.volume, event.seq or 0
        if not (
            0 <= ts_event_us <= ts_ingest_us + self._max_ahead_us
            and 0 <= volume <= VOLUME_MAX
            and -SEQ_LIMIT <= seq < SEQ_LIMIT
        ):
            return None
        return Tick(
            tick_id=f"{source}{listing.id_part}{seq}"
            if source and (seq or event.seq == 0)
            else hashed_id(listing.symbol, ts_event_us, price_e8, listing.currency, exchange, volume),
            symbol=listing.symbol,
            ts_event_us=ts_event_us,
            ts_ingest_us=ts_ingest_us,
            price_e8=price_e8,
            currency=listing.currency,
            exchange=exchange,
            volume=volume,
            seq=seq,
            raw_partition=raw_partition,
            raw_offset=raw_offset,
            source=source,
            bid_e8=bid_e8,
            ask_e8=ask_e8,
            sale_condition=sale_condition,
        )


def _plain(value: bytes) -> Event:
    """The event, if it is written without escapes, odd characters and more names than it has fields."""
    event = _decode(value)
    optional = (event.source, event.seq, event.bid, event.ask, event.sale_condition)
    # A name twice, an unknown field or a colon in a text shows as a colon more. So does a zone in digits.
    colons = value.count(COLON) + optional.count(UNSET)
    if colons != COLONS and not (colons == COLONS + 1 and event.ts_event.endswith(UTC_IN_DIGITS)):
        raise KeyError("perhaps not plain")
    if BACKSLASH in value or not value.isascii():
        raise KeyError("escapes or characters beyond ASCII")
    return event


def _second_us(text: str) -> int | Rejection:
    """Microseconds of a time up to its second, which is in UTC."""
    return timestamp_us(text + "Z") if _SECOND.fullmatch(text) else _NOT_PLAIN


def _fraction_us(text: str) -> int | Rejection:
    """Microseconds of what follows the second."""
    return timestamp_us("1970-01-01T00:00:00" + text) if _FRACTION.fullmatch(text) else _NOT_PLAIN


def _text(text: str | UnsetType | None) -> str | Rejection | None:
    """A source or sale condition, None where there is none."""
    if text is None or text is UNSET:
        return None
    return text_problem("text", text) or text
