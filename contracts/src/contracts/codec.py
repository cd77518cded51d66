"""Bytes on the wire <-> messages. JSON, decimals as strings in plain notation, times as RFC 3339."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from contracts.types import RejectedTick

Message = TypeVar("Message", bound=msgspec.Struct)

DEAD_LETTER_PREFIX = "dlq."

_encoder = msgspec.json.Encoder()


class NotADeadLetter(ValueError):
    """A record without complete dlq.* headers was read as a dead letter."""


def encode(message: msgspec.Struct) -> bytes:
    """One JSON object. A decimal keeps all its digits and never gets an exponent."""
    raw = _encoder.encode(message)
    # str(Decimal("0.00000000")) is "0E-8". To look for an exponent is cheap; few messages have one.
    if b"E-" in raw or b"E+" in raw:
        return _encoder.encode(_plain_decimals(msgspec.to_builtins(message, builtin_types=(Decimal,))))
    return raw


def decoder(message_type: type[Message]) -> msgspec.json.Decoder[Message]:
    """The one decoder of a message type. `.decode` raises msgspec.DecodeError; unknown fields are ignored."""
    return _decoder(message_type)


@cache
def _decoder(message_type: type[Any]) -> Any:
    # Apart from `decoder`, since `cache` would hide from a type checker which message comes out.
    return msgspec.json.Decoder(message_type)


def rejected_to_headers(rejected: RejectedTick) -> list[tuple[str, bytes]]:
    """The headers that tell why an event was refused, each named dlq.<field>."""
    return [
        (DEAD_LETTER_PREFIX + name, str(getattr(rejected, name)).encode())
        for name in RejectedTick.__struct_fields__
    ]


def rejected_from_headers(headers: Iterable[tuple[str, bytes | None]]) -> RejectedTick:
    """The inverse of rejected_to_headers; other headers are ignored. Raises NotADeadLetter."""
    fields = {
        name.removeprefix(DEAD_LETTER_PREFIX): (value or b"").decode()
        for name, value in headers
        if name.startswith(DEAD_LETTER_PREFIX)
    }
    try:
        return msgspec.convert(fields, RejectedTick, strict=False)
    except msgspec.ValidationError as error:
        raise NotADeadLetter(f"headers {sorted(fields)} do not make a dead letter: {error}") from error


def _plain_decimals(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            fields = cast(dict[str, Any], value)
            return {name: _plain_decimals(item) for name, item in fields.items()}
        case list() | tuple():
            return [_plain_decimals(item) for item in cast(Iterable[Any], value)]
        case _:
            return value
