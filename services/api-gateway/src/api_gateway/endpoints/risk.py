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
from api_gateway.schemas.risk import Risk, Var
from api_gateway.state import gateway_of, reply, require_known
from contracts import Coverage, RiskReport
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
        return reply(risk.no_risk(portfolio_id, currency, _coverage(view, portfolio_id)))
    return reply(held.answer("risk", lambda report: encode(risk.risk(report))))


@router.get("/var", operation_id="getVar", responses=answers(Var, 404, 422))
async def get_var(
    request: Request,
    portfolio_id: PortfolioId,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    horizon_days: Annotated[int, Query(ge=1, le=250, description="horizon in trading days")] = 1,
    method: Annotated[str, Query(max_length=32, description="how it is estimated")] = risk.VAR_METHOD,
    basis: AnyBasis = None,
) -> Response:
    """Value at risk: the loss that is not exceeded with this confidence, and the scenario that sets it."""
    gateway = gateway_of(request)
    view = gateway.view
    asked = (basis_points(confidence), horizon_days, method)
    held = view.risk(portfolio_id, basis)
    if held is None:
        require_known(view, portfolio_id)
        _require_offered(asked)
        currency = view.base_currency(portfolio_id)
        return reply(risk.no_var(portfolio_id, currency, _coverage(view, portfolio_id), *asked))
    body = held.answer(("var", asked), lambda report: _var(report, asked))
    gateway.hot.keep(request.scope, body, held, lambda: view.risk(portfolio_id, basis))
    return reply(body)


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


def _var(report: RiskReport, asked: tuple[int, int, str]) -> bytes:
    found = risk.var(report, *asked)
    if found is None:
        raise _not_computed(asked, risk.computed_var(report))
    return encode(found)


def _require_offered(asked: tuple[int, int, str]) -> None:
    offered = tuple(
        (int(row.parameters["confidence_bp"]), int(row.parameters["horizon_days"]), row.parameters["method"])
        for row in MEASURES
        if row.name == risk.VAR_MEASURE
    )
    if asked not in offered:
        raise _not_computed(asked, offered)


def _not_computed(asked: tuple[int, int, str], offered: tuple[tuple[int, int, str], ...]) -> ProblemError:
    wanted = _parameters(asked)
    available = [_parameters(one) for one in offered]
    names = [name for name in wanted if wanted[name] not in {one[name] for one in available}]
    detail = "value at risk is not computed with these parameters, see available"
    errors = [FieldError(pointer=f"query.{name}", detail=f"{wanted[name]} is not computed") for name in names]
    return ProblemError(422, detail, kind="var-not-computed", errors=errors, available=available)


def _parameters(one: tuple[int, int, str]) -> dict[str, float | int | str]:
    confidence_bp, horizon_days, method = one
    return {"confidence": confidence_bp / risk.BASIS_POINTS, "horizon_days": horizon_days, "method": method}


def _coverage(view: View, portfolio_id: str) -> Coverage:
    held = view.valuation(portfolio_id, "last")
    return no_coverage() if held is None else held.message.coverage
