"""How far every stage is."""

from fastapi import APIRouter, Request, Response

from api_gateway.core.pipeline import pipeline
from api_gateway.endpoints.documentation import answers
from api_gateway.schemas.pipeline import Pipeline
from api_gateway.state import gateway_of, reply

router = APIRouter(prefix="/v1/pipeline", tags=["pipeline"])


@router.get("", operation_id="getPipeline", responses=answers(Pipeline))
async def get_pipeline(request: Request) -> Response:
    """How far every stage is: positions, lags, watermarks, what became of raw events, how bars compare."""
    gateway = gateway_of(request)
    return reply(pipeline(await gateway.progress.offsets(), gateway.view, gateway.clock.now()))
