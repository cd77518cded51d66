"""Bodies that are too large or come too slowly are cut off; what comes after a whole body is not hurried."""

import asyncio
from collections.abc import Iterable

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from api_gateway.body_limit import BodyLimit

SCOPE: Scope = {"type": "http", "method": "PUT", "path": "/"}


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def taken(messages: Iterable[Message], *, reads: int, then_after_s: float = 3600) -> list[Message]:
    """What an application reads of these messages, which come at once, and an end of the connection later."""
    waiting, found = iter(messages), []

    async def receive() -> Message:
        message = next(waiting, None)
        if message is None:
            await asyncio.sleep(then_after_s)
            return {"type": "http.disconnect"}
        return message

    async def send(message: Message) -> None:
        raise AssertionError(f"nothing is answered here, not {message}")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(reads):
            found.append(await receive())

    await BodyLimit(app, max_body_bytes=10, timeout_s=0.05)(SCOPE, receive, send)
    return found


async def test_a_whole_body_passes() -> None:
    body = [part(b"12345", True), part(b"67890", False)]
    assert await taken(body, reads=2) == body


async def test_a_larger_body_is_413() -> None:
    with pytest.raises(HTTPException, match="larger than 10 bytes") as refused:
        await taken([part(b"12345", True), part(b"678901", True), part(b"x", False)], reads=3)
    assert refused.value.status_code == 413


@pytest.mark.parametrize("came", [[], [part(b"12345", True)], [part(b"12345678901", True)]])
async def test_a_body_that_stops_coming_is_408(came: list[Message]) -> None:
    with pytest.raises(HTTPException, match=r"not complete after 0\.05 s") as refused:
        await taken(came, reads=2)
    assert refused.value.status_code == 408


async def test_waiting_for_the_end_of_the_connection_has_no_limit() -> None:
    found = await taken([part(b"", False)], reads=2, then_after_s=0.2)
    assert found[-1] == {"type": "http.disconnect"}
