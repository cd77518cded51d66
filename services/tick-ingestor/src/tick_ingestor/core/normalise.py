"""One raw event to one valid tick, or to the reason why it is refused.

Checks run in a fixed order, and the first that fails is the reason: size, JSON, fields and types, symbol,
currency, price, volume, exchange, time, and last the optional fields.
"""

from decimal import Decimal

from contracts import RawTick, Tick
from tick_ingestor.core.amounts import VOLUME_MAX, PriceScale, volume_of
from tick_ingestor.core.currencies import MINOR_DIGITS, QUOTATIONS
from tick_ingestor.core.decode import decode
from tick_ingestor.core.identity import hashed_id
from tick_ingestor.core.instruments import InstrumentTable, Listing
from tick_ingestor.core.optional import SEQ_LIMIT, text_problem
from tick_ingestor.core.rejection import Rejection, shown
from tick_ingestor.core.shortcut import Shortcut
from tick_ingestor.core.timestamps import timestamp_us


class Normaliser:
    """Applies the rules; what is known about symbols and venues is in `instruments`, which may change."""

    def __init__(self, instruments: InstrumentTable, max_message_bytes: int, max_ahead_us: int) -> None:
        self._instruments = instruments
        self._max_message_bytes = max_message_bytes
        self._max_ahead_us = max_ahead_us
        self._major = PriceScale()
        self._minor = PriceScale(MINOR_DIGITS)
        self._shortcut = Shortcut(instruments, max_message_bytes, max_ahead_us)

    def tick(
        self, value: bytes | None, ts_ingest_us: int, raw_partition: int, raw_offset: int
    ) -> Tick | Rejection:
        """The tick in the bytes of a raw event. Never raises, whatever the bytes are."""
        tick = self._shortcut.tick(value, ts_ingest_us, raw_partition, raw_offset)
        return self.long_way(value, ts_ingest_us, raw_partition, raw_offset) if tick is None else tick

    def long_way(
        self, value: bytes | None, ts_ingest_us: int, raw_partition: int, raw_offset: int
    ) -> Tick | Rejection:
        """The same without the shortcut: it can be asked about every event and tells what is wrong."""
        raw = decode(value, self._max_message_bytes)
        if isinstance(raw, Rejection):
            return raw
        listing = self._instruments.listings.get(raw.symbol)
        if listing is None:
            return _unknown_symbol(raw)
        scale = self._major if raw.currency == listing.currency else self._scale_of(raw, listing)
        if isinstance(scale, Rejection):
            return scale
        price_e8 = scale.price(raw.price)
        if isinstance(price_e8, Rejection):
            return price_e8
        volume = raw.volume
        if type(volume) is not int or not 0 <= volume <= VOLUME_MAX:
            volume = volume_of(volume)
            if isinstance(volume, Rejection):
                return volume
        exchange = self._instruments.venues.get(raw.exchange) or self._instruments.venue(raw.exchange)
        if exchange is None:
            return _unknown_exchange(raw)
        ts_event_us = timestamp_us(raw.ts_event)
        if isinstance(ts_event_us, Rejection):
            return ts_event_us
        if not 0 <= ts_event_us <= ts_ingest_us + self._max_ahead_us:
            return self._out_of_range(raw, ts_event_us, ts_ingest_us)
        for name, text in (("source", raw.source), ("sale_condition", raw.sale_condition)):
            problem = None if text is None else text_problem(name, text)
            if problem is not None:
                return problem
        seq = raw.seq or 0
        if not -SEQ_LIMIT <= seq < SEQ_LIMIT:
            return Rejection("wrong_type", f"seq {shown(seq)} does not fit 64 bits")
        bid_e8 = ask_e8 = None
        if raw.bid is not None or raw.ask is not None:
            bid_e8, ask_e8 = _quote(scale, "bid", raw.bid), _quote(scale, "ask", raw.ask)
            if isinstance(bid_e8, Rejection):
                return bid_e8
            if isinstance(ask_e8, Rejection):
                return ask_e8
        return Tick(
            tick_id=f"{raw.source}{listing.id_part}{raw.seq}"
            if raw.source and raw.seq is not None
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
            source=raw.source,
            bid_e8=bid_e8,
            ask_e8=ask_e8,
            sale_condition=raw.sale_condition,
        )

    def _scale_of(self, raw: RawTick, listing: Listing) -> PriceScale | Rejection:
        """How prices in another code than the instrument's own are scaled: its minor unit, or not at all."""
        quotation = QUOTATIONS.get(raw.currency)
        if quotation is None:
            return Rejection(
                "unknown_currency",
                f"currency {shown(raw.currency)} is neither an ISO 4217 code nor a minor unit such as GBX",
            )
        if quotation.currency != listing.currency:
            return Rejection(
                "currency_mismatch",
                f"{raw.symbol} is quoted in {listing.currency}, the event says {raw.currency}; "
                "correct the event or the instrument master",
            )
        return self._minor if quotation.minor_digits else self._major

    def _out_of_range(self, raw: RawTick, ts_event_us: int, ts_ingest_us: int) -> Rejection:
        if ts_event_us < 0:
            return Rejection("time_out_of_range", f"ts_event {shown(raw.ts_event)} is before 1970")
        ahead_ms = (ts_event_us - ts_ingest_us) // 1000
        return Rejection(
            "time_out_of_range",
            f"ts_event {shown(raw.ts_event)} is {ahead_ms} ms ahead of our clock, "
            f"{self._max_ahead_us // 1000} ms are allowed; is the sender's clock right?",
        )


def _unknown_symbol(raw: RawTick) -> Rejection:
    return Rejection(
        "unknown_symbol",
        f"symbol {shown(raw.symbol)} is not in the instrument master; load it with "
        "`tapeline load instruments`, then `tapeline dlq replay`",
    )


def _unknown_exchange(raw: RawTick) -> Rejection:
    return Rejection(
        "unknown_exchange",
        f"exchange {shown(raw.exchange)} is no venue we know; send an ISO 10383 MIC such as XNAS",
    )


def _quote(scale: PriceScale, name: str, price: Decimal | None) -> int | Rejection | None:
    return None if price is None else scale.quote(name, price)
