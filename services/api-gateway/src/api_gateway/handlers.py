"""One record from the bus into the memory view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from api_gateway.core.view import View
from contracts import topics
from contracts.codec import decoder


class UnreadableMessage(Exception):
    """A record that is not what its topic promises; the view is unchanged."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How records of one topic enter the view: `put` a message, `forget` the key of a tombstone."""

    record: type[Struct]
    put: Callable[[View, Any], None]
    forget: Callable[[View, str], None] | None = None


def _forget_position(view: View, key: str) -> None:
    portfolio_id, _, symbol = key.partition("/")
    view.forget_position(portfolio_id, symbol)


HANDLERS: dict[str, Handler] = {
    topics.INSTRUMENTS.name: Handler(topics.INSTRUMENTS.record, View.put_instrument, View.forget_instrument),
    topics.PORTFOLIOS.name: Handler(topics.PORTFOLIOS.record, View.put_portfolio, View.forget_portfolio),
    topics.POSITIONS.name: Handler(topics.POSITIONS.record, View.put_position, _forget_position),
    topics.VALUATIONS.name: Handler(topics.VALUATIONS.record, View.put_valuation, View.forget_values),
    topics.RISK.name: Handler(topics.RISK.record, View.put_risk, View.forget_risks),
    topics.LIMIT_EVENTS.name: Handler(topics.LIMIT_EVENTS.record, View.put_limit_event),
    topics.BARS.name: Handler(topics.BARS.record, View.put_bar),
}

REFERENCE_TOPICS = (topics.INSTRUMENTS.name, topics.PORTFOLIOS.name)
LIVE_TOPICS = (topics.POSITIONS.name, topics.VALUATIONS.name, topics.RISK.name, topics.LIMIT_EVENTS.name)
BAR_TOPICS = (topics.BARS.name,)


def handle(view: View, topic: str, key: bytes | None, value: bytes | None) -> Struct | None:
    """Apply one record and return its message. Raises UnreadableMessage, which says what was wrong."""
    handler = HANDLERS[topic]
    if value is None:
        if handler.forget is not None and key is not None:
            handler.forget(view, key.decode(errors="replace"))
        return None
    try:
        message = decoder(handler.record).decode(value)
    except msgspec.MsgspecError as error:
        raise UnreadableMessage(f"not a {handler.record.__name__}: {error}") from error
    handler.put(view, message)
    return message
