"""What the risk service computes on request, handed through."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import AnyBasis, PortfolioId
from api_gateway.state import gateway_of, reply, require_known
from contracts.analysis.scenarios import ScenariosAnswer, ScenariosRequest

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["risk"])

Lookback = Annotated[int, Query(ge=1, le=10_000, description="scenarios, the newest before the market date")]


@router.get("/scenarios", operation_id="getScenarios", responses=answers(ScenariosAnswer, 404, 422))
async def get_scenarios(
    request: Request, portfolio_id: PortfolioId, basis: AnyBasis = None, lookback: Lookback = 500
) -> Response:
    """The profit or loss each past day would bring to today's book: the distribution behind a VaR."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    asked = ScenariosRequest(portfolio_id=portfolio_id, basis=basis, lookback=lookback)
    return reply(await gateway.analyst.ask("scenarios", asked))
