"""Value at risk by any method, and who makes it."""

from typing import Annotated, Any, NoReturn

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from api_gateway.core import risk
from api_gateway.core.risk_conversion import var_in
from api_gateway.core.var import var_of
from api_gateway.endpoints.currencies import only_base, rate_into
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    DEFAULT_CONFIDENCE,
    AnyBasis,
    Confidence,
    CurrencyQuery,
    Past,
    PortfolioId,
    basis_points,
    wrong,
)
from api_gateway.endpoints.risk import coverage_of
from api_gateway.endpoints.valued import rates_behind, risk_of
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.schemas.risk import Var
from api_gateway.state import Gateway, gateway_of, reply, require_known
from contracts import RiskReport
from contracts.analysis.var import (
    ComponentsAnswer,
    ComponentsRequest,
    VarAnswer,
    VarGroup,
    VarPart,
    VarRequest,
)
from contracts.codec import encode
from quant import ESTIMATORS, METHODS, SCENARIO_COUNT, SHORTFALL_RULES, VarQuestion, unsupported
from quant.stressed import STRESSED_WINDOW

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["risk"])
LEAST_CONFIDENCE_BP = 5000
_STANDING = VarRequest(portfolio_id="", lookback=SCENARIO_COUNT)

Lookback = Annotated[
    int | None,
    Query(ge=1, le=10_000, description="scenarios: 500, for the stressed method the window of 252 days"),
]


def asked_of(
    portfolio_id: PortfolioId,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    horizon_days: Annotated[int, Query(ge=1, le=250, description="horizon in trading days")] = 1,
    method: Annotated[str, Query(max_length=32, description="one of: " + ", ".join(METHODS))] = "historical",
    estimator: Annotated[
        str | None, Query(max_length=32, description="one of: " + ", ".join(ESTIMATORS))
    ] = None,
    shortfall_rule: Annotated[
        str | None, Query(max_length=32, description="one of: " + ", ".join(SHORTFALL_RULES))
    ] = None,
    lookback: Lookback = None,
    basis: AnyBasis = None,
) -> VarRequest:
    """The question in the query. Raises a 422 problem that says what is offered."""
    confidence_bp = basis_points(confidence)
    if confidence_bp < LEAST_CONFIDENCE_BP:
        raise wrong("query.confidence", f"{confidence} must be at least 0.5; 95 % is 0.95")
    for name, value, offered in (
        ("method", method, METHODS),
        ("estimator", estimator, ESTIMATORS),
        ("shortfall_rule", shortfall_rule, SHORTFALL_RULES),
    ):
        if value is not None and value not in offered:
            raise _not_offered(name, f"{name} {value!r} is not offered, see available", offered)
    question: Any = (confidence_bp, horizon_days, method, estimator, shortfall_rule)
    refusal = unsupported(VarQuestion(*question))
    if refusal is not None:
        raise _not_offered("method", refusal, METHODS)
    return VarRequest(
        portfolio_id=portfolio_id,
        basis=basis,
        lookback=lookback or (STRESSED_WINDOW if method == "stressed" else SCENARIO_COUNT),
        confidence_bp=confidence_bp,
        horizon_days=horizon_days,
        method=method,
        estimator=None if estimator == "kth_worst" and method == "historical" else estimator,
        shortfall_rule=None
        if shortfall_rule == "acerbi_tasche" and method == "historical"
        else shortfall_rule,
    )


Asked = Annotated[VarRequest, Depends(asked_of)]


@router.get("/var", operation_id="getVar", responses=answers(Var, 404, 409, 422))
async def get_var(
    request: Request, asked: Asked, currency: CurrencyQuery = None, past: Past = None
) -> Response:
    """Value at risk: the loss that is not exceeded with this confidence, and the scenarios that set it.

    One day, historical, at the standing confidences comes from the newest risk report, all else is computed.
    """
    gateway = gateway_of(request)
    view, portfolio_id = gateway.view, asked.portfolio_id
    held = await risk_of(gateway, portfolio_id, asked.basis, past, currency)
    if held is None:
        shown = (asked.confidence_bp, asked.horizon_days, asked.method)
        base = only_base(view.base_currency(portfolio_id), currency)
        return reply(risk.no_var(portfolio_id, base, coverage_of(view, portfolio_id), *shown))
    body = b""
    if _is_standing(asked):
        body = held.answer(("var", asked.confidence_bp), lambda report: _reported(report, asked))
    if past is not None:
        return reply(body or _nothing_reported(held.message))
    if not body:
        return reply(await _computed(gateway, asked, currency))
    if held is view.risk(portfolio_id, asked.basis):
        gateway.hot.keep(request.scope, body, held.tag, held, lambda: view.risk(portfolio_id, asked.basis))
    return reply(body, tag=held.tag)


@router.get("/components", operation_id="getComponents", responses=answers(ComponentsAnswer, 404, 422))
async def get_components(
    request: Request,
    asked: Asked,
    measure: Annotated[VarPart, Query(description="which number to split; es is the steadier one")] = "es",
    by: Annotated[VarGroup, Query(description="into positions, or groups of them")] = "position",
) -> Response:
    """What each position adds to expected shortfall or value at risk: component, marginal, incremental.

    Components sum to the total to the last digit. Incremental is the total less the total without the
    position; these do not sum to it.
    """
    gateway = gateway_of(request)
    require_known(gateway.view, asked.portfolio_id)
    wanted = ComponentsRequest(**msgspec.structs.asdict(asked), measure=measure, by=by)
    return reply(await gateway.analyst.ask("components", wanted))


def _is_standing(asked: VarRequest) -> bool:
    """Whether a report may hold it: everything but portfolio, basis and confidence as in the reports."""
    same = msgspec.structs.replace(asked, portfolio_id="", basis=None, confidence_bp=_STANDING.confidence_bp)
    return same == _STANDING


def _reported(report: RiskReport, asked: VarRequest) -> bytes:
    """Empty when the report has no such confidence."""
    found = risk.var(report, asked.confidence_bp, asked.horizon_days, asked.method)
    return b"" if found is None else encode(found)


def _nothing_reported(report: RiskReport) -> NoReturn:
    """Raises a 422 problem: of the past there is what was stored."""
    offered = tuple(
        f"{int(one.parameters['confidence_bp']) / risk.BASIS_POINTS:g}"
        for one in report.measures
        if one.measure == risk.VAR_MEASURE
    )
    detail = "of the past the reported numbers are stored: one day, historical, confidences see available"
    raise _not_offered("confidence", detail, offered)


async def _computed(gateway: Gateway, asked: VarRequest, currency: str | None) -> Var:
    answer = msgspec.json.decode(await gateway.analyst.ask("var", asked), type=VarAnswer)
    if currency not in (None, answer.currency):
        rates = rates_behind(gateway, answer)
        answer = var_in(answer, currency, rate_into(rates, answer.currency, currency))
    return var_of(answer)


def _not_offered(name: str, detail: str, offered: tuple[str, ...]) -> ProblemError:
    errors = [FieldError(pointer=f"query.{name}", detail=detail)]
    return ProblemError(422, detail, kind="var-not-computed", errors=errors, available=offered)
