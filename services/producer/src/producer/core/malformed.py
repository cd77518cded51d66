"""Broken copies of good events, one way of breaking for each reason the ingestor knows."""

from collections.abc import Callable
from typing import Any

import msgspec

from contracts import RejectReason

Fields = dict[str, Any]


def _with(**changes: Any) -> Callable[[Fields], bytes]:
    return lambda fields: msgspec.json.encode(fields | changes)


def _without(name: str) -> Callable[[Fields], bytes]:
    return lambda fields: msgspec.json.encode({key: value for key, value in fields.items() if key != name})


def _cut(fields: Fields) -> bytes:
    return msgspec.json.encode(fields)[:-9]


def _without_zone(fields: Fields) -> bytes:
    return msgspec.json.encode(fields | {"ts_event": str(fields["ts_event"]).removesuffix("Z")})


def _other_currency(fields: Fields) -> bytes:
    return msgspec.json.encode(fields | {"currency": "JPY" if fields["currency"] != "JPY" else "CHF"})


BREAKINGS: dict[RejectReason, Callable[[Fields], bytes]] = {
    "not_json": _cut,
    "missing_field": _without("price"),
    "wrong_type": _with(price=True),
    "not_finite": _with(price="NaN"),
    "price_not_positive": _with(price="-1.25"),
    "negative_volume": _with(volume=-100),
    "unknown_symbol": _with(symbol="NO.SUCH.SYMBOL"),
    "unknown_currency": _with(currency="QQQ"),
    "currency_mismatch": _other_currency,
    "unknown_exchange": _with(exchange="NOWHERE"),
    "time_without_zone": _without_zone,
    "time_out_of_range": _with(ts_event="1969-07-20T20:17:40Z"),
}
REASONS: tuple[RejectReason, ...] = tuple(BREAKINGS)


def break_event(value: bytes, turn: int) -> bytes:
    """A copy of a good event that must be refused; successive turns go through all the reasons."""
    return BREAKINGS[REASONS[turn % len(REASONS)]](msgspec.json.decode(value))
