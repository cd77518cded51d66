"""Limits on request bodies: their size, also of those that do not tell it, and the time they may take."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DRAINED_BYTES = 16 << 20
BODY_TIMEOUT_S = 10.0


class BodyLimit:
    """Answers 413 to a larger body and 408 to one that is not complete in time.

    FastAPI does not apply Starlette's `max_body_size`, and Starlette's own layer answers while the client is
    still sending, which then sees a broken connection instead of the answer. So the rest of the body is read
    and thrown away first, up to 16 MiB.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app, self._max_body_bytes, self._timeout_s = app, max_body_bytes, timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, self._max_body_bytes, self._timeout_s)
        await self._app(scope, body.receive, send)


class _Body:
    """The body of one request as far as it has come; its time runs from the first look at it."""

    def __init__(self, receive: Receive, max_bytes: int, timeout_s: float) -> None:
        self._receive, self._max_bytes, self._timeout_s = receive, max_bytes, timeout_s
        self._taken = 0
        self._deadline: float | None = None
        self._complete = False

    async def receive(self) -> Message:
        if self._complete:  # what comes now is the end of the connection, which may take its time
            return await self._receive()
        message = await self._in_time()
        self._complete = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        if self._taken > self._max_bytes:
            await _drain(self._in_time, message)
            raise HTTPException(413, f"the body is larger than {self._max_bytes} bytes; send less at once")
        return message

    async def _in_time(self) -> Message:
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._receive()
        except TimeoutError as error:
            told = f"the body was not complete after {self._timeout_s:g} s; send it at once"
            raise HTTPException(408, told) from error


async def _drain(receive: Receive, message: Message) -> None:
    thrown_away = 0
    while message.get("more_body") and thrown_away < DRAINED_BYTES:
        message = await receive()
        thrown_away += len(message.get("body", b""))
