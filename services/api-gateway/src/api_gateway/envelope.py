"""The outermost layer: what every answer carries, and what is noted of every request.

One layer does what could be four, because each one costs every kept answer a call and a closure: the trace
id, the headers of safety, rate and duration, and the entry in the audit log.
"""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_gateway.request_metrics import note_request
from api_gateway.security.audit import entry_due
from api_gateway.security.headers import Header, safety_headers, without_given
from api_gateway.trace import HEADER, trace_of

_FAILED = 500


class Envelope:
    """Whatever answers, also with an error of ours, the request is counted, timed and recorded."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app, self._headers = app, safety_headers(https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 0, time.perf_counter()
        header = (HEADER, trace_of(scope).encode())

        async def enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if (entry := entry_due(scope)) is not None:
                    await entry(status)
                # Kept answers are shared: a new message, never a change of the old one.
                message = {**message, "headers": self._enveloped(message["headers"], header)}
            await send(message)

        try:
            await self._app(scope, receive, enveloped)
        finally:
            note_request(scope, status or _FAILED, time.perf_counter() - started)
            if not status and (entry := entry_due(scope)) is not None:
                await entry(_FAILED)

    def _enveloped(self, given: list[Header], trace: Header) -> list[Header]:
        return [*given, *without_given(self._headers, given), trace]
