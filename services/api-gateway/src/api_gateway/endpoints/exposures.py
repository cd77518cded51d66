"""What a portfolio is exposed to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.core.exposures import exposures, no_exposures
from api_gateway.endpoints.currencies import converted, only_base
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import BasisQuery, CurrencyQuery, PortfolioId
from api_gateway.schemas.exposures import Exposures, Grouping
from api_gateway.state import gateway_of, reply, require_known
from contracts.codec import encode

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["portfolios"])

By = Annotated[Grouping | None, Query(description="one grouping only; without it all")]


@router.get("/exposures", operation_id="getExposures", responses=answers(Exposures, 404, 409, 422))
async def get_exposures(
    request: Request,
    portfolio_id: PortfolioId,
    by: By = None,
    currency: CurrencyQuery = None,
    basis: BasisQuery = "last",
) -> Response:
    """Long, short, gross, net, NAV and leverage; by asset, class, currency, sector, exchange and issuer."""
    view = gateway_of(request).view
    held = view.valuation(portfolio_id, basis)
    if held is None:
        require_known(view, portfolio_id)
        asked = only_base(view.base_currency(portfolio_id), currency)
        return reply(no_exposures(portfolio_id, basis, asked, by))
    return reply(
        held.answer(
            ("exposures", currency, by),
            lambda valuation: encode(exposures(converted(valuation, currency), by)),
        )
    )
