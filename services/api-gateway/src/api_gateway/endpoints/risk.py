"""Risk numbers and the history of any number of a portfolio."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.adapters.repository import AMOUNTS
from api_gateway.core import risk
from api_gateway.core.pages import page
from api_gateway.core.view import View, no_coverage
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    DEFAULT_CONFIDENCE,
    AnyBasis,
    BasisQuery,
    Confidence,
    CursorQuery,
    From,
    Limit,
    PortfolioId,
    To,
    basis_points,
    cursor_parts,
    cursor_time,
    span,
)
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.schemas.history import History
from api_gateway.schemas.risk import Risk
from api_gateway.state import gateway_of, reply, require_known
from contracts import Coverage
from contracts.codec import encode
from quant.measures import MEASURES

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["risk"])

HISTORICAL = tuple(sorted({*AMOUNTS, *(measure.name for measure in MEASURES)}))
"""Every number that has a history."""


@router.get("/risk", operation_id="getRisk", responses=answers(Risk, 404, 422))
async def get_risk(request: Request, portfolio_id: PortfolioId, basis: AnyBasis = None) -> Response:
    """All risk measures of the newest valuation."""
    view = gateway_of(request).view
    held = view.risk(portfolio_id, basis)
    if held is None:
        require_known(view, portfolio_id)
        currency = view.base_currency(portfolio_id)
        return reply(risk.no_risk(portfolio_id, currency, coverage_of(view, portfolio_id)))
    return reply(held.answer("risk", lambda report: encode(risk.risk(report))))


@router.get("/history", operation_id="getHistory", responses=answers(History, 404, 422))
async def get_history(
    request: Request,
    portfolio_id: PortfolioId,
    metric: Annotated[
        str, Query(max_length=64, description="one of: " + ", ".join(HISTORICAL))
    ] = "market_value",
    basis: BasisQuery = "bar",
    confidence: Confidence = DEFAULT_CONFIDENCE,
    start: From = None,
    end: To = None,
    limit: Limit = 500,
    cursor: CursorQuery = None,
) -> Response:
    """One number over market time as stored, latest revisions, oldest first."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    if metric not in HISTORICAL:
        detail = f"{metric} has no history"
        wrong_metric = FieldError(pointer="query.metric", detail=detail)
        raise ProblemError(422, detail, errors=[wrong_metric], available=HISTORICAL)
    parts = cursor_parts(cursor, parts=1)
    after = None if parts is None else cursor_time(parts[0])
    window = span(start, end)
    if metric in AMOUNTS:
        points, unit = await gateway.repository.amount_history(
            portfolio_id, metric, basis, window, after, limit + 1
        )
    else:
        points, unit = await gateway.repository.measure_history(
            portfolio_id, metric, basis_points(confidence), basis, window, after, limit + 1
        )
    shown = page(points, limit, lambda point: (point.as_of.isoformat(),))
    return reply(
        History(
            portfolio_id=portfolio_id,
            metric=metric,
            basis=basis,
            unit=unit,
            data=shown.items,
            next_cursor=shown.next_cursor,
        )
    )


def coverage_of(view: View, portfolio_id: str) -> Coverage:
    """Of the live value, while there is no report."""
    held = view.valuation(portfolio_id, "last")
    return no_coverage() if held is None else held.message.coverage
