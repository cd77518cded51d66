"""Server-Sent Events to many clients: one clock grid, shared bytes, and no queue that could grow.

granian's `send` returns when the connection has taken the bytes, so a client that does not read holds its own
`send` and nothing else. After SLOW_AFTER_S it is dropped. granian does not raise when a client has gone; it
says so through `receive`.
"""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import get_args

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api_gateway.core.stream import Change, Changes, Wanted, cursor_of, event
from api_gateway.core.stream_events import frame
from api_gateway.schemas.stream import DroppedEvent, ResumedEvent, SnapshotEvent, WhyDropped, WhySnapshot
from chassis import metrics
from contracts.codec import encode

HEARTBEAT_S = 15.0
SLOW_AFTER_S = 5.0
LAST_WORD_S = 2.0
MOST_CLIENTS = 1000
MOST_OF_ONE = 300
_KEPT_BATCHES = 64
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Stream:
    """The epoch of this process and the batches that clients share."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.clients: Counter[str] = Counter()
        """Open connections per credential."""
        self.stopping = asyncio.Event()
        self._batches: dict[tuple[int, int, Wanted], bytes] = {}
        for reason in get_args(WhyDropped):  # all from the start: an increase is seen against a zero
            metrics.STREAM_DROPPED.labels(reason)

    async def until_stopped(self) -> None:
        """Runs as long as the gateway serves; its end ends every stream, so that the server can stop."""
        try:
            await asyncio.Event().wait()
        finally:
            self.stopping.set()

    def batch(self, changes: Changes, cursor: int, wanted: Wanted) -> bytes:
        """Events after `cursor`; clients that woke together and want the same get the same bytes."""
        key = (cursor, changes.sequence, wanted)
        found = self._batches.get(key)
        if found is None:
            if len(self._batches) >= _KEPT_BATCHES:
                self._batches.clear()
            found = self._batches[key] = self.frames(changes.since(cursor, wanted))
        return found

    def frames(self, found: list[Change]) -> bytes:
        return b"".join([frame(change, self.epoch) for change in found])

    def opening(self, changes: Changes, wanted: Wanted, last_event_id: str | None) -> bytes:
        """The first events: what was missed since an id that is known, else a snapshot that says why."""
        cursor = cursor_of(last_event_id, self.epoch)
        if cursor is None:
            return self.snapshot(changes, wanted, "restarted" if last_event_id else "new")
        if not changes.can_resume(cursor):
            return self.snapshot(changes, wanted, "too_old")
        missed = changes.since(cursor, wanted)
        return event("resumed", encode(ResumedEvent(events=len(missed)))) + self.frames(missed)

    def snapshot(self, changes: Changes, wanted: Wanted, reason: WhySnapshot) -> bytes:
        found = changes.snapshot(wanted)
        return event("snapshot", encode(SnapshotEvent(reason=reason, events=len(found)))) + self.frames(found)


class StreamAnswer(Response):
    """One connection, from its first event until the client goes, is too slow, or the gateway stops.

    `wanted` is asked each time: a connection may outlive its key, and portfolios may move; None ends it.
    """

    def __init__(
        self,
        stream: Stream,
        changes: Changes,
        wanted: Callable[[], Wanted | None],
        interval_s: float,
        last_event_id: str | None,
        credential_id: str,
    ) -> None:
        super().__init__(media_type="text/event-stream")
        self._stream, self._changes, self._wanted = stream, changes, wanted
        self._interval_s, self._last_event_id = interval_s, last_event_id
        self._credential_id = credential_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        self._stream.clients[self._credential_id] += 1
        metrics.STREAM_CLIENTS.inc()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            reason = await self._follow(send, gone)
            if reason is not None:
                await _last_word(send, reason)
        finally:
            self._stream.clients[self._credential_id] -= 1
            metrics.STREAM_CLIENTS.dec()
            gone.cancel()

    async def _follow(self, send: Send, gone: asyncio.Task[None]) -> DroppedEvent | None:
        """Send until there is a reason to end; None when the client has gone."""
        try:
            async for some in self._events(gone):
                async with asyncio.timeout(SLOW_AFTER_S):
                    await send({"type": "http.response.body", "body": some, "more_body": True})
                if gone.done():
                    return None
        except TimeoutError:
            return DroppedEvent(reason="slow")
        if gone.done():
            return None
        return DroppedEvent(reason="signed_out" if self._wanted() is None else "stopping")

    async def _events(self, gone: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """What to send, whenever there is something; ends when the client has gone or the gateway stops."""
        loop, changes = asyncio.get_running_loop(), self._changes
        if (wanted := self._wanted()) is None:
            return
        opening, cursor = self._stream.opening(changes, wanted, self._last_event_id), changes.sequence
        yield opening
        spoke = loop.time()
        while not gone.done() and not self._stream.stopping.is_set():
            # Everybody with the same interval wakes at the same times, and so shares the batches.
            await asyncio.sleep(self._interval_s - loop.time() % self._interval_s)
            if (wanted := self._wanted()) is None:
                return
            some, cursor = self._next(cursor, wanted), changes.sequence
            now = loop.time()
            if not some and now - spoke >= HEARTBEAT_S:
                some = b": heartbeat\n\n"
            if some:
                spoke = now
                yield some

    def _next(self, cursor: int, wanted: Wanted) -> bytes:
        if cursor == self._changes.sequence:
            return b""
        if not self._changes.can_resume(cursor):
            return self._stream.snapshot(self._changes, wanted, "behind")
        return self._stream.batch(self._changes, cursor, wanted)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _last_word(send: Send, dropped: DroppedEvent) -> None:
    """End the connection with the reason; whoever does not read even now gets the end without it."""
    metrics.STREAM_DROPPED.labels(dropped.reason).inc()
    last = event("dropped", encode(dropped))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORD_S):
            await send({"type": "http.response.body", "body": last, "more_body": False})
