"""A limit on request bodies, also on those that do not tell their length."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DRAINED_BYTES = 16 << 20


class BodyLimit:
    """Answers 413 to a larger body.

    FastAPI does not apply Starlette's `max_body_size`, and Starlette's own layer answers while the client is
    still sending, which then sees a broken connection instead of the answer. So the rest of the body is read
    and thrown away first, up to 16 MiB.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app, self._max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body_bytes:
                await _drain(receive, message)
                raise HTTPException(
                    413, f"the body is larger than {self._max_body_bytes} bytes; send less at once"
                )
            return message

        await self._app(scope, limited, send)


async def _drain(receive: Receive, message: Message) -> None:
    thrown_away = 0
    while message.get("more_body") and thrown_away < DRAINED_BYTES:
        message = await receive()
        thrown_away += len(message.get("body", b""))
