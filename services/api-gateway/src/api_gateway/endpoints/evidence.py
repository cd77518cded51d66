"""Where a value comes from."""

from fastapi import APIRouter, Request, Response

from api_gateway.core.evidence import evidence
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import BasisQuery, Past, PortfolioId
from api_gateway.endpoints.valued import value_of
from api_gateway.problems import ProblemError
from api_gateway.schemas.evidence import ValueEvidence
from api_gateway.state import gateway_of, reply

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["portfolios"])


@router.get("/value/evidence", operation_id="getValueEvidence", responses=answers(ValueEvidence, 404, 422))
async def get_value_evidence(
    request: Request, portfolio_id: PortfolioId, basis: BasisQuery = None, past: Past = None
) -> Response:
    """What a value is made of, down to ticks: bars behind prices, quotes behind rates, positions, trades.

    The same `basis`, `as_of` and `known_at` as for GET value trace the number given there.
    """
    gateway = gateway_of(request)
    held = await value_of(gateway, portfolio_id, basis, past)
    if held is None:
        raise ProblemError(404, f"{portfolio_id!r} was not valued yet", kind="not-valued")
    valuation = held.message
    return reply(evidence(valuation, await gateway.repository.evidence.behind(valuation)))
