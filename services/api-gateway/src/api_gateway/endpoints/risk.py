"""Risk numbers and the history of any number of a portfolio."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.adapters.history import AMOUNTS, Part
from api_gateway.core import risk
from api_gateway.core.history import point, unit_of
from api_gateway.core.pages import page
from api_gateway.core.view import View, no_coverage
from api_gateway.endpoints.currencies import only_base
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    DEFAULT_CONFIDENCE,
    AnyBasis,
    Confidence,
    CurrencyQuery,
    CursorQuery,
    From,
    KnownAt,
    Limit,
    Past,
    PortfolioId,
    To,
    basis_points,
    cursor_parts,
    cursor_time,
    span,
    utc,
)
from api_gateway.endpoints.valued import risk_of
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.schemas.history import History
from api_gateway.schemas.risk import Risk
from api_gateway.state import gateway_of, reply, reply_page, require_known
from contracts import Basis, Coverage
from contracts.codec import encode
from quant.measures import MEASURES

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["risk"])

HistoryBasis = Annotated[Basis, Query(description="bar: official; last: risk of live values, once a minute")]
HISTORICAL = tuple(sorted({*AMOUNTS, *(measure.name for measure in MEASURES)}))
"""Every number that has a history."""


@router.get("/risk", operation_id="getRisk", responses=answers(Risk, 404, 409, 422))
async def get_risk(
    request: Request,
    portfolio_id: PortfolioId,
    currency: CurrencyQuery = None,
    basis: AnyBasis = None,
    past: Past = None,
) -> Response:
    """All risk measures of the newest valuation, or of a stored one."""
    gateway = gateway_of(request)
    view = gateway.view
    held = await risk_of(gateway, portfolio_id, basis, past, currency)
    if held is None:
        asked = only_base(view.base_currency(portfolio_id), currency)
        return reply(risk.no_risk(portfolio_id, asked, coverage_of(view, portfolio_id)))
    body = held.answer("risk", lambda report: encode(risk.risk(report)))
    return reply(body, tag=held.tag if past is None else None)


@router.get("/history", operation_id="getHistory", responses=answers(History, 404, 422))
async def get_history(
    request: Request,
    portfolio_id: PortfolioId,
    metric: Annotated[
        str, Query(max_length=64, description="one of: " + ", ".join(HISTORICAL))
    ] = "market_value",
    basis: HistoryBasis = "bar",
    confidence: Confidence = DEFAULT_CONFIDENCE,
    currency: CurrencyQuery = None,
    known_at: KnownAt = None,
    start: From = None,
    end: To = None,
    limit: Limit = 500,
    cursor: CursorQuery = None,
) -> Response:
    """One number over market time as stored, oldest first, in the latest revisions or those known at a time.

    Money in another currency is converted at the rates of its own time.
    """
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    if metric not in HISTORICAL:
        detail = f"{metric} has no history"
        wrong_metric = FieldError(pointer="query.metric", detail=detail)
        raise ProblemError(422, detail, errors=[wrong_metric], available=HISTORICAL)
    parts = cursor_parts(cursor, parts=1)
    after = None if parts is None else cursor_time(parts[0])
    part = Part(portfolio_id, basis, span(start, end), after, utc(known_at), limit + 1)
    history = gateway.repository.history
    if metric in AMOUNTS:
        found = await history.amounts(metric, part)
    else:
        found = await history.measures(metric, basis_points(confidence), part)
    shown = page(found, limit, lambda stored: (stored.as_of.isoformat(),))
    return reply_page(
        request,
        History(
            portfolio_id=portfolio_id,
            metric=metric,
            basis=basis,
            unit=unit_of(found, currency),
            data=tuple(point(stored, currency) for stored in shown.items),
            next_cursor=shown.next_cursor,
        ),
    )


def coverage_of(view: View, portfolio_id: str) -> Coverage:
    """Of the live value, while there is no report."""
    held = view.valuation(portfolio_id, "last")
    return no_coverage() if held is None else held.message.coverage
