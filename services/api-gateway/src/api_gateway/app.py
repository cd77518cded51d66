"""The web application: routes, problems and the layers around them."""

from fastapi import FastAPI

from api_gateway import openapi, problems
from api_gateway.auth import KeyFile, KeyMiddleware
from api_gateway.body_limit import BodyLimit
from api_gateway.endpoints import (
    analyses,
    exposures,
    instruments,
    limits,
    operations,
    pipeline,
    pnl,
    portfolios,
    risk,
    stream,
    stress,
    trades,
    var,
    what_if,
)
from api_gateway.hot_answers import HotAnswersMiddleware
from api_gateway.request_metrics import RequestMetrics
from api_gateway.state import Gateway


def build() -> FastAPI:
    """The routes alone, as needed for the OpenAPI document."""
    app = FastAPI(title=openapi.TITLE, version=openapi.VERSION, docs_url=None, redoc_url=None)
    for module in (
        portfolios,
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
        stream,
        pipeline,
        operations,
    ):
        app.include_router(module.router)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    problems.install(app)
    return app


def protected(gateway: Gateway, keys: KeyFile, max_body_bytes: int) -> FastAPI:
    """The routes with the gateway behind them; around them metrics, key, kept answers, body limit."""
    app = build()
    app.state.gateway = gateway
    app.add_middleware(BodyLimit, max_body_bytes=max_body_bytes)
    app.add_middleware(HotAnswersMiddleware, hot=gateway.hot)
    app.add_middleware(KeyMiddleware, keys=keys)
    app.add_middleware(RequestMetrics)
    return app
