"""Rate, errors and duration per route template, never per path: paths are unbounded."""

import time
from functools import cache

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import metrics

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


class RequestMetrics:
    """Counts and times every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            counter, histogram = _series(*method_and_route(scope), status)
            counter.inc()
            histogram.observe(time.perf_counter() - started)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Looking a series up by labels costs more than counting in it."""
    return (
        metrics.HTTP_REQUESTS.labels(method, route, str(status)),
        metrics.HTTP_SECONDS.labels(method, route),
    )


def method_and_route(scope: Scope) -> tuple[str, str]:
    """`GET`, `/v1/portfolios/{portfolio_id}/value`; whatever no route matched counts together."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return method, getattr(scope.get("route"), "path", UNMATCHED)
