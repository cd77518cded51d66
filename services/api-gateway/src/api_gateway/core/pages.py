"""Pages of sorted lists: an opaque cursor names the last item of the page before."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
_parts = msgspec.json.Decoder(tuple[str, ...])


class BadCursor(ValueError):
    """A cursor that this list did not give out."""


class Page(Struct, Generic[T], frozen=True):
    """Items of one page and the cursor of the next, None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None


def page(items: Sequence[T], limit: int, key: Callable[[T], Sequence[str]]) -> Page[T]:
    """The first `limit` items; give one item more than the limit to tell that there is a next page."""
    shown = tuple(items[:limit])
    return Page(shown, encode_cursor(key(shown[-1])) if len(items) > limit and shown else None)


def page_after(items: Sequence[T], cursor: str | None, limit: int, key: Callable[[T], str]) -> Page[T]:
    """A page of a whole sorted list whose items are named by one text."""
    if cursor is not None:
        (after,) = decode_cursor(cursor, parts=1)
        items = [one for one in items if key(one) > after]
    return page(items, limit, lambda one: (key(one),))


def encode_cursor(parts: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> tuple[str, ...]:
    """The parts given to `encode_cursor`. Errors: BadCursor."""
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    try:
        found = _parts.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.MsgspecError) as error:
        raise BadCursor("not a cursor of this list: use next_cursor of the page before") from error
    if len(found) != parts:
        raise BadCursor("a cursor of another list: use next_cursor of the page before")
    return found
