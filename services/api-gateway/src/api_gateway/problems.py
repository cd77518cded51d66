"""Errors as RFC 9457 problems; every answer that is not a success has this form."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api_gateway.adapters.analyst import AnalysisRefused
from api_gateway.adapters.kafka import BrokerSilent
from api_gateway.schemas.common import FieldError, Problem
from api_gateway.security.headers import safety_headers
from api_gateway.trace import HEADER, trace_of
from chassis.logs import get_logger
from store.database import CONNECTION_LOST

MEDIA_TYPE = "application/problem+json"
URN = "urn:tapeline:"
_TITLES = {
    401: ("unauthenticated", "No valid key"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    408: ("body-too-slow", "Request body not complete in time"),
    409: ("conflict", "Not possible with the present data"),
    413: ("body-too-large", "Request body too large"),
    422: ("invalid-request", "The request is wrong"),
    429: ("too-many-requests", "Too many requests"),
    500: ("internal", "Unexpected error"),
    503: ("unavailable", "Not available yet"),
}
_CANNOT_NOW = (
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
)
"""What the database says when it is there and cannot do what is asked for the moment."""
log = get_logger("api_gateway.problems")


class ProblemError(Exception):
    """Raised by an endpoint to answer with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        available: Sequence[dict[str, Any] | str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind, self.title = status, detail, kind, title
        self.errors, self.available = tuple(errors), tuple(available)
        self.headers = dict(headers or {})


def no_portfolio(portfolio_id: str) -> ProblemError:
    """The same for one that does not exist and one that is not the caller's."""
    return ProblemError(404, f"no portfolio {portfolio_id!r}: GET /v1/portfolios lists them")


def answer(scope: Scope, problem: ProblemError) -> Response:
    """The response of a problem that happened in a request."""
    kind, title = _TITLES.get(problem.status, ("error", "Error"))
    trace_id = trace_of(scope)
    body = Problem(
        type=URN + (problem.kind or kind),
        title=problem.title or title,
        status=problem.status,
        detail=problem.detail,
        instance=scope["path"],
        trace_id=trace_id,
        errors=problem.errors,
        available=problem.available,
    )
    log.info("problem", status=problem.status, path=scope["path"], detail=problem.detail, trace_id=trace_id)
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'ApiKey header="X-API-Key"'
    if problem.status == 503:
        headers["Retry-After"] = "1"
    return Response(msgspec.json.encode(body), problem.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error of the application become a problem."""
    app.state.safety_headers = safety_headers(https=False)

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return answer(request.scope, error)

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, AnalysisRefused)
        return answer(request.scope, ProblemError(error.status, error.detail))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # what FastAPI says of a body that is no UTF-8
            return answer(request.scope, ProblemError(422, "the body is no JSON in UTF-8"))
        return answer(request.scope, ProblemError(error.status_code, str(error.detail)))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = [
            FieldError(pointer=".".join(str(part) for part in one["loc"]), detail=one["msg"])
            for one in error.errors()
        ]
        summary = f"{len(wrong)} wrong field{'s' if len(wrong) > 1 else ''}, see errors"
        return answer(request.scope, ProblemError(422, summary, errors=wrong))

    async def on_lost_database(request: Request, error: Exception) -> Response:
        log.warning("database_lost", error=repr(error))
        does = "cannot do this now" if isinstance(error, _CANNOT_NOW) else "does not answer"
        return answer(request.scope, ProblemError(503, f"the database {does}; try again in a moment"))

    async def on_silent_broker(request: Request, error: Exception) -> Response:
        log.warning("broker_silent", error=repr(error))
        told = str(error) if isinstance(error, BrokerSilent) else "the broker does not answer"
        return answer(request.scope, ProblemError(503, f"{told}; try again in a moment"))

    async def on_unexpected(request: Request, error: Exception) -> Response:
        log.error("unexpected", path=request.url.path, exc_info=error)
        response = answer(request.scope, ProblemError(500, "unexpected; the log has it under this trace_id"))
        # Starlette answers this one outside of all our layers.
        response.raw_headers += [(HEADER, trace_of(request.scope).encode()), *app.state.safety_headers]
        return response

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(AnalysisRefused, on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(BrokerSilent, on_silent_broker)
    app.add_exception_handler(KafkaError, on_silent_broker)
    for kind in (*CONNECTION_LOST, *_CANNOT_NOW):
        app.add_exception_handler(kind, on_lost_database)
    app.add_exception_handler(Exception, on_unexpected)
