"""The web application: routes, problems and the layers around them."""

from fastapi import Depends, FastAPI

from api_gateway import openapi, problems
from api_gateway.body_limit import BodyLimit
from api_gateway.conditional import ConditionalReads
from api_gateway.endpoints import (
    analyses,
    dashboard,
    evidence,
    exposures,
    instruments,
    keys,
    limits,
    operations,
    pipeline,
    pnl,
    portfolios,
    reports,
    risk,
    signin,
    stream,
    stress,
    trades,
    var,
    what_if,
)
from api_gateway.endpoints.query import refuse_unknown, refuse_zero_bytes
from api_gateway.envelope import Envelope
from api_gateway.hot_answers import HotAnswersMiddleware
from api_gateway.security.access import authorise
from api_gateway.security.caller import Entitlements
from api_gateway.security.door import Door, Security
from api_gateway.security.headers import safety_headers
from api_gateway.state import Gateway
from api_gateway.trace import RequestSpan
from chassis.tracing import is_traced


def build() -> FastAPI:
    """The routes alone, as needed for the OpenAPI document."""
    app = FastAPI(
        title=openapi.TITLE,
        version=openapi.VERSION,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(authorise), Depends(refuse_zero_bytes), Depends(refuse_unknown)],
        # It looks for a provider at every request, which costs a kept answer an eighth of its time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in (
        portfolios,
        evidence,
        exposures,
        pnl,
        trades,
        risk,
        var,
        analyses,
        stress,
        what_if,
        instruments,
        limits,
        reports,
        stream,
        pipeline,
        keys,
        signin,
        dashboard,
        operations,
    ):
        app.include_router(module.router)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    problems.install(app)
    return app


def protected(gateway: Gateway, security: Security, max_body_bytes: int) -> FastAPI:
    """The routes with the gateway behind them, and the layers around them, the innermost first."""
    app = build()
    entitlements = Entitlements(gateway.view)
    app.state.gateway, app.state.security, app.state.entitlements = gateway, security, entitlements
    app.state.safety_headers = safety_headers(security.https)
    app.add_middleware(BodyLimit, max_body_bytes=max_body_bytes)
    app.add_middleware(ConditionalReads)
    app.add_middleware(HotAnswersMiddleware, hot=gateway.hot)
    app.add_middleware(Door, security=security, entitlements=entitlements)
    app.add_middleware(Envelope, https=security.https)
    if is_traced():
        app.add_middleware(RequestSpan)
    return app
