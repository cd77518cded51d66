"""A trace id for every request: the caller's W3C one or a new one; in answers, problems and the log."""

import re
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_gateway.request_metrics import method_and_route
from chassis.tracing import note, request_span

HEADER = b"x-trace-id"
_TRACEPARENT = re.compile(rb"^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_KEY = "tapeline.trace_id"


class RequestSpan:
    """Around all layers where there is a collector: a span per request, whose trace id is the request's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with request_span("request", _header(scope)) as scope[_KEY]:
            try:
                await self._app(scope, receive, watched)
            finally:
                # Routes only: paths name portfolios, and the query of a sign-in is a secret.
                method, route = method_and_route(scope)
                attributes = {"http.request.method": method, "http.route": route}
                note({**attributes, "http.response.status_code": status}, name=f"{method} {route}")


def trace_of(scope: Scope) -> str:
    """The trace id of a request, the same whenever it is asked."""
    found: str | None = scope.get(_KEY)
    if found is None:
        found = scope[_KEY] = _given(scope) or _new()
    return found


def _new() -> str:
    return f"{getrandbits(128):032x}"  # it names a request and protects nothing


def _given(scope: Scope) -> str | None:
    parent = _header(scope)
    match = None if parent is None else _TRACEPARENT.match(parent)
    return None if match is None else match.group(1).decode()


def _header(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return value
    return None
