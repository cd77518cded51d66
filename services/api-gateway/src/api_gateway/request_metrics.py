"""Rate, errors and duration per route template, never per path: paths are unbounded."""

from functools import cache

from prometheus_client import Counter, Histogram
from starlette.types import Scope

from chassis import metrics

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


def note_request(scope: Scope, status: int, seconds: float) -> None:
    """Count and time a request that is over."""
    counter, histogram = _series(*method_and_route(scope), status)
    counter.inc()
    histogram.observe(seconds)


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
