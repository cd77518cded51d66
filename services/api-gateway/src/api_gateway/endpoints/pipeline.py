"""How far every stage is."""

from fastapi import APIRouter, Request, Response

from api_gateway.core.pipeline import pipeline
from api_gateway.endpoints.documentation import answers
from api_gateway.schemas.pipeline import Pipeline
from api_gateway.state import gateway_of, reply

router = APIRouter(prefix="/v1/pipeline", tags=["pipeline"])


@router.get("", operation_id="getPipeline", responses=answers(Pipeline))
async def get_pipeline(request: Request) -> Response:
    """Positions of topics, lags and watermarks of consumer groups, and what became of every raw event."""
    gateway = gateway_of(request)
    return reply(pipeline(await gateway.progress.offsets(), gateway.clock.now()))
