"""Bytes to RawTick, or the reason why they are none.

One msgspec pass is enough for most. Only what it refuses, or what might hold a name twice, is read again with
the standard library, which tells more about what is wrong.
"""

import json
from collections.abc import Callable
from typing import Any, cast

import msgspec

from contracts import RawTick
from contracts.codec import decoder
from tick_ingestor.core.rejection import Rejection, shown

REQUIRED = ("symbol", "ts_event", "price", "currency", "exchange", "volume")
_decode: Callable[[bytes], RawTick] = cast(Any, decoder(RawTick)).decode
_names = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class NotFinite(ValueError):
    """JSON knows no NaN or Infinity, yet some writers send them bare."""


class DuplicateName(ValueError):
    """RFC 7493 forbids a name twice in one object: readers would disagree about its value."""


def decode(value: bytes | None, max_bytes: int) -> RawTick | Rejection:
    """The event in `value`. Never raises, whatever the bytes are."""
    if value is None:
        return Rejection("not_json", "no value (a tombstone); send one JSON object per message")
    if len(value) > max_bytes:
        return Rejection("message_too_large", f"{len(value)} bytes; a tick may have at most {max_bytes}")
    try:
        raw = _decode(value)
        if not value.isascii():
            value.decode()  # the decoder does not look into fields that it ignores
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return _classify(value, error)
    # A name that occurs twice shows as a colon too many: one follows each name, the others stand in the time.
    colons = value.count(b":")
    if colons != _field_count(raw) + raw.ts_event.count(":") or b"\\" in value:
        return _with_unique_names(value, raw, colons)
    return raw


def _field_count(raw: RawTick) -> int:
    return (
        6
        + (raw.source is not None)
        + (raw.seq is not None)
        + (raw.bid is not None)
        + (raw.ask is not None)
        + (raw.sale_condition is not None)
    )


def _with_unique_names(value: bytes, raw: RawTick, colons: int) -> RawTick | Rejection:
    """The closer look: at nulls, unknown fields, colons in other texts, escapes, or a name twice."""
    if b"\\" not in value:
        others = colons - len(_names(value)) - raw.ts_event.count(":")
        if others == 0 or others == _colons_in_other_texts(raw):
            return raw
    problem = _parse(value)
    return problem if isinstance(problem, Rejection) else raw


def _colons_in_other_texts(raw: RawTick) -> int:
    texts = (raw.symbol, raw.currency, raw.exchange, raw.source, raw.sale_condition)
    return sum(text.count(":") for text in texts if text is not None)


def _classify(value: bytes, error: Exception) -> Rejection:
    """The reason for bytes that do not decode, in the order: JSON, fields, types."""
    event = _parse(value)
    if isinstance(event, Rejection):
        return event
    if not isinstance(event, dict):
        return Rejection("wrong_type", f"expected one JSON object, was {shown(cast(object, event))}")
    fields = cast(dict[str, Any], event)
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        return Rejection("missing_field", f"{', '.join(missing)} missing; required are {', '.join(REQUIRED)}")
    if not isinstance(error, msgspec.ValidationError):  # such as half of a surrogate pair
        return Rejection("not_json", f"{error}; the event was {shown(fields)}")
    return Rejection("wrong_type", f"{error}; the event was {shown(fields)}")


def _parse(value: bytes) -> Any:
    """The parsed JSON, or the Rejection of what is not strict JSON."""
    try:
        # Numbers stay text: only the structure matters here, and huge ones would cost time.
        return json.loads(
            value.decode(),
            object_pairs_hook=_unique,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
        )
    except NotFinite as error:
        return Rejection("not_finite", str(error))
    except (ValueError, RecursionError) as error:
        return Rejection("not_json", f"{error}; the value began with {shown(value[:60])}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DuplicateName(f"the name {shown(twice[0])} occurs more than once")
    return table


def _refuse_constant(text: str) -> None:
    raise NotFinite(f"{text} is not a number; send a finite price and volume")
