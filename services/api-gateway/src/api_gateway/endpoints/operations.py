"""Health, readiness and metrics."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api_gateway.state import JSON
from chassis.health import Health

router = APIRouter(tags=["operations"])


def _otherwise(reasons: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Other answers than success, documented; none of these routes takes a query."""
    return {code: {"description": why} for code, why in {**reasons, 422: "it takes no query"}.items()}


@router.get("/healthz", operation_id="getHealth", responses=_otherwise({503: "the process hangs"}))
async def get_health(request: Request) -> Response:
    """Whether the process works; open to all."""
    alive = _health(request).is_alive()
    return Response(msgspec.json.encode({"alive": alive}), 200 if alive else 503, media_type=JSON)


@router.get("/readyz", operation_id="getReadiness", responses=_otherwise({503: "something is missing"}))
async def get_readiness(request: Request) -> Response:
    """Whether topics have been read and the database answers; open to all."""
    missing = _health(request).missing()
    return Response(msgspec.json.encode({"missing": missing}), 503 if missing else 200, media_type=JSON)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=PlainTextResponse,
    responses=_otherwise({401: "no valid key", 403: "not its scope"}),
)
async def get_metrics() -> Response:
    """Prometheus metrics; needs the key, as `X-API-Key` or bearer token."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _health(request: Request) -> Health:
    health: Health = request.app.state.gateway.health
    return health
