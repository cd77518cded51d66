"""Stress tests, backtests and explained changes of the present book, computed by the risk service."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.core.past import Moment
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import AnyBasis, Confidence, PortfolioId, basis_points
from api_gateway.problems import ProblemError
from api_gateway.schemas.stress import StressBody
from api_gateway.schemas.times import Rfc3339
from api_gateway.state import gateway_of, reply, require_known
from contracts.analysis.backtest import BacktestAnswer, BacktestRequest
from contracts.analysis.explain import ExplainAnswer, ExplainRequest
from contracts.analysis.stress import ShockIn, StressAnswer, StressRequest

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["risk"])

Loss = Annotated[
    float | None, Query(gt=0, allow_inf_nan=False, description="also find the moves that lose this much")
]
Days = Annotated[int, Query(ge=1, le=10_000, description="days to test, the newest before the market date")]
BASEL_CONFIDENCE = Decimal("0.99")
Window = Annotated[int, Query(ge=20, le=10_000, description="scenarios behind each day's forecast")]

Earlier = Annotated[
    Rfc3339, Query(alias="from", description="explain from the newest official value at or before this")
]


@router.get("/stress", operation_id="getStress", responses=answers(StressAnswer, 404, 422))
async def get_stress(
    request: Request, portfolio_id: PortfolioId, basis: AnyBasis = None, loss: Loss = None
) -> Response:
    """Every named period of the past and the worst days of the history, applied to today's book."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    asked = StressRequest(portfolio_id=portfolio_id, basis=basis, loss=loss)
    return reply(await gateway.analyst.ask("stress", asked))


@router.post("/stress", operation_id="postStress", responses=answers(StressAnswer, 404, 413, 422))
async def post_stress(
    request: Request, portfolio_id: PortfolioId, body: StressBody, basis: AnyBasis = None
) -> Response:
    """What today's book would gain or lose under shocks of one's own; nothing is stored."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    shocks = tuple(ShockIn(**shock.model_dump()) for shock in body.shocks)
    asked = StressRequest(portfolio_id=portfolio_id, basis=basis, shocks=shocks, loss=body.loss)
    return reply(await gateway.analyst.ask("stress", asked))


@router.get("/backtest", operation_id="getBacktest", responses=answers(BacktestAnswer, 404, 422))
async def get_backtest(
    request: Request,
    portfolio_id: PortfolioId,
    confidence: Confidence = BASEL_CONFIDENCE,
    days: Days = 250,
    lookback: Window = 500,
    basis: AnyBasis = None,
) -> Response:
    """Did losses exceed the VaR as often as promised? Today's holdings through the past, and stored days."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    confidence_bp = basis_points(confidence)
    asked = BacktestRequest(
        portfolio_id=portfolio_id,
        basis=basis,
        lookback=lookback,
        confidence_bp=confidence_bp,
        days=days,
        actual=await gateway.repository.actual_days(portfolio_id, confidence_bp, days),
    )
    return reply(await gateway.analyst.ask("backtest", asked))


@router.get("/var/explain", operation_id="explainVar", responses=answers(ExplainAnswer, 404, 422))
async def explain_var(
    request: Request,
    portfolio_id: PortfolioId,
    earlier: Earlier,
    confidence: Confidence = BASEL_CONFIDENCE,
    basis: AnyBasis = None,
) -> Response:
    """Why the VaR changed since: window, positions, market, FX, data, method; parts that add up."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    confidence_bp = basis_points(confidence)
    past = gateway.repository.past
    before = await past.valuation(portfolio_id, Moment(earlier))
    if before is None:
        raise ProblemError(404, f"no official value of {portfolio_id!r} at or before {earlier.isoformat()}")
    reported, definition = await past.measure(portfolio_id, before.as_of, "historical_var", confidence_bp)
    asked = ExplainRequest(
        portfolio_id=portfolio_id,
        basis=basis,
        confidence_bp=confidence_bp,
        before=before,
        reported=reported,
        reported_definition=definition,
    )
    return reply(await gateway.analyst.ask("explain", asked))
