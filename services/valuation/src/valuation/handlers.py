"""What each topic's records do to the state. Pure: bytes in, facts to store out."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from chassis.bus import Record
from contracts import Bar, FxRate, Instrument, Portfolio, Position, Tick, Trade, topics
from contracts.codec import decoder
from valuation.core.moments import from_us
from valuation.core.state import State

ZERO = Decimal(0)
_decode_tick = decoder(Tick).decode
_decode_bar = decoder(Bar).decode
_decode_instrument = decoder(Instrument).decode
_decode_portfolio = decoder(Portfolio).decode
_decode_position = decoder(Position).decode
_decode_fx_rate = decoder(FxRate).decode
_decode_trade = decoder(Trade).decode


Reference = Instrument | Portfolio | Position | FxRate | Trade


class Fact(NamedTuple):
    """A reference record or trade that is news, with its revision: a row to be stored."""

    record: Reference
    revision: int


class BadRecord(ValueError):
    """A record that is not what its topic's contract says."""


def handle(state: State, record: Record) -> Fact | None:
    """Let one record change the state; returns what is to be stored of it.

    Raises BadRecord, with the state unchanged, for bytes that are not a message of the topic.
    """
    try:
        return HANDLERS[record.topic](state, record)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRecord(f"{record.topic}[{record.partition}]@{record.offset}: {error}") from error


def on_tick(state: State, record: Record) -> None:
    if record.value is not None:
        state.take_tick(_decode_tick(record.value))


def on_bar(state: State, record: Record) -> None:
    if record.value is not None:
        state.take_bar(_decode_bar(record.value))


def on_instrument(state: State, record: Record) -> Fact | None:
    message = _decode_instrument(_required(record))
    return _news(message, state.take_instrument(message))


def on_portfolio(state: State, record: Record) -> Fact | None:
    message = _decode_portfolio(_required(record))
    return _news(message, state.take_portfolio(message))


def on_fx_rate(state: State, record: Record) -> Fact | None:
    message = _decode_fx_rate(_required(record))
    return _news(message, state.take_fixing(message))


def on_position(state: State, record: Record) -> Fact | None:
    """A version of a position.

    A tombstone closes it: from market time on, or from its own date where that is later.
    """
    if record.value is not None:
        position = _decode_position(record.value)
        return _news(position, state.take_position(position))
    portfolio_id, _, symbol = (record.key or b"").decode().partition("/")
    closed = _closed(state, portfolio_id, symbol, from_us(record.timestamp_us))
    return None if closed is None else _news(closed, state.take_position(closed))


def on_trade(state: State, record: Record) -> Fact | None:
    """A fill; a repeat of its id is ignored."""
    trade = _decode_trade(_required(record))
    return Fact(trade, 1) if state.take_trade(trade) else None


def _closed(state: State, portfolio_id: str, symbol: str, recorded_at: datetime) -> Position | None:
    """The version that closes what is held at market time; None when nothing is."""
    history = state.books.history(portfolio_id, symbol)
    if history is None:
        return None
    last_us = history.versions[-1].as_of_us if history.versions else None
    as_of_us = max((one for one in (last_us, state.market_time_us) if one is not None), default=None)
    line = None if as_of_us is None else state.books.line(portfolio_id, symbol, as_of_us)
    if line is None or as_of_us is None or line.version.position.quantity == ZERO:
        return None
    return msgspec.structs.replace(
        line.version.position, quantity=ZERO, as_of=from_us(as_of_us), recorded_at=recorded_at
    )


def _required(record: Record) -> bytes:
    """The value of a record whose topic knows no tombstones."""
    if record.value is None:
        raise ValueError(f"a tombstone for {record.key!r}: only positions can be closed by one")
    return record.value


def _news(record: Reference, revision: int | None) -> Fact | None:
    return None if revision is None else Fact(record, revision)


HANDLERS: dict[str, Callable[[State, Record], Fact | None]] = {
    topics.TICKS.name: on_tick,
    topics.BARS.name: on_bar,
    topics.POSITIONS.name: on_position,
    topics.INSTRUMENTS.name: on_instrument,
    topics.PORTFOLIOS.name: on_portfolio,
    topics.FX_RATES.name: on_fx_rate,
    topics.TRADES.name: on_trade,
}
"""Every topic that valuation reads."""
