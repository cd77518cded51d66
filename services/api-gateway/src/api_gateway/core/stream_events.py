"""Changes as events: the same JSON that REST gives, encoded once for all clients."""

from typing import cast

from msgspec import Struct

from api_gateway.core import risk, values
from api_gateway.core.conversion import ONE, Converted
from api_gateway.core.stream import Change, event
from api_gateway.core.view import Held
from api_gateway.schemas.stream import RemovedEvent
from contracts import RiskReport, Valuation
from contracts.codec import encode

EVENT_NAMES = {"values": "value", "risk": "risk", "limits": "limit", "bars": "bar"}


def frame(change: Change, epoch: str) -> bytes:
    """The event of a change, made when the first client needs it."""
    if change.frame is None:
        name = "removed" if change.what is None else EVENT_NAMES[change.key.topic]
        change.frame = event(name, _body(change), f"{epoch}-{change.sequence}")
    return change.frame


def _body(change: Change) -> bytes:
    if change.what is None:
        topic, subject, part = change.key
        assert topic in ("values", "risk")
        return encode(RemovedEvent(topic=topic, subject=subject, part=part))
    if change.key.topic == "values":
        # Under the key of GET value: whoever asks first makes the bytes for both.
        return cast(Held[Valuation], change.what).answer(("value", None), _value)
    if change.key.topic == "risk":
        return cast(Held[RiskReport], change.what).answer("risk", lambda report: encode(risk.risk(report)))
    return encode(cast(Struct, change.what))


def _value(valuation: Valuation) -> bytes:
    return encode(values.value(Converted(valuation, ONE), valuation.currency))
