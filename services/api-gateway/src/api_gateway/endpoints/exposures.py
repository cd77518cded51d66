"""What a portfolio is exposed to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.core.exposures import exposures, no_exposures
from api_gateway.endpoints.currencies import converted, only_base
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import BasisQuery, CurrencyQuery, Past, PortfolioId, basis_of
from api_gateway.endpoints.valued import value_of
from api_gateway.schemas.exposures import Exposures, Grouping
from api_gateway.state import gateway_of, reply
from contracts.codec import encode

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["portfolios"])

By = Annotated[Grouping | None, Query(description="one grouping only; without it all")]


@router.get("/exposures", operation_id="getExposures", responses=answers(Exposures, 404, 409, 422))
async def get_exposures(
    request: Request,
    portfolio_id: PortfolioId,
    by: By = None,
    currency: CurrencyQuery = None,
    basis: BasisQuery = None,
    past: Past = None,
) -> Response:
    """Long, short, gross, net, NAV and leverage; by asset, class, currency, sector, exchange and issuer."""
    gateway = gateway_of(request)
    held = await value_of(gateway, portfolio_id, basis, past)
    if held is None:
        asked = only_base(gateway.view.base_currency(portfolio_id), currency)
        return reply(no_exposures(portfolio_id, basis_of(basis, past), asked, by))
    body = held.answer(
        ("exposures", currency, by),
        lambda valuation: encode(exposures(converted(valuation, currency), by)),
    )
    return reply(body, tag=held.tag if past is None else None)
