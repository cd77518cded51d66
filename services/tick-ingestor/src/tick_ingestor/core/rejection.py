"""A refusal as a value: a reason from the closed list and a sentence for a person."""

from typing import NamedTuple

from contracts import RejectReason

SHOWN_CHARACTERS_MAX = 120


class Rejection(NamedTuple):
    """Why a raw event is refused; `message` says what was wrong, with which input, and what to do."""

    reason: RejectReason
    message: str


def shown(value: object) -> str:
    """The input as it may stand in a message: escaped, so that it is always printable, and cut."""
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"
