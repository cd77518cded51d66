"""Conditional reads: every JSON answer to a GET has an ETag, and one that the client has already is a 304."""

from collections.abc import Iterable
from hashlib import blake2b

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ETAG, IF_NONE_MATCH = b"etag", b"if-none-match"
CACHE_CONTROL = (b"cache-control", b"private, no-cache")
"""Keep it, but ask before using it: who may read is decided anew each time."""

Header = tuple[bytes, bytes]


class ConditionalReads:
    """Adds the ETag where the route did not, and leaves out a body that the client names in If-None-Match.

    A route that answers from one message names it by the message; other bodies are hashed, which costs little
    beside making them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        begun: Message | None = None

        async def conditional(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_json(message):
                begun = message  # what becomes of it depends on the body
                return
            if begun is not None:
                start, begun = begun, None
                etag = _value(start["headers"], ETAG) or quoted(
                    blake2b(message["body"], digest_size=12).hexdigest()
                )
                if has(scope, etag):
                    await send(not_modified(etag))
                    message = {"type": "http.response.body", "body": b""}
                else:
                    await send({**start, "headers": tagged(start["headers"], etag)})
            await send(message)

        await self._app(scope, receive, conditional)


def has(scope: Scope, etag: bytes) -> bool:
    """Whether the client has the answer with this tag; weak and strong tags are compared alike."""
    given = _value(scope["headers"], IF_NONE_MATCH)
    if given is None:
        return False
    return given.strip() == b"*" or etag in {one.strip().removeprefix(b"W/") for one in given.split(b",")}


def not_modified(etag: bytes) -> Message:
    """The start of an answer without a body."""
    return {"type": "http.response.start", "status": 304, "headers": [(ETAG, etag), CACHE_CONTROL]}


def tagged(headers: Iterable[Header], etag: bytes) -> list[Header]:
    """Headers of an answer with its tag."""
    return [*(one for one in headers if one[0] != ETAG), (ETAG, etag), CACHE_CONTROL]


def quoted(tag: str) -> bytes:
    """A tag as it stands in a header."""
    return f'"{tag}"'.encode()


def _is_json(start: Message) -> bool:
    return start["status"] == 200 and (_value(start["headers"], b"content-type") or b"").startswith(
        b"application/json"
    )


def _value(headers: Iterable[Header], name: bytes) -> bytes | None:
    return next((value for one, value in headers if one == name), None)
