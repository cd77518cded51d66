"""From an analysis of risk to the answer about value at risk."""

from datetime import date

from api_gateway.core.risk import BASIS_POINTS, model_money
from api_gateway.schemas.risk import Var, VarInterval
from contracts.analysis.var import VarAnswer


def var_of(answer: VarAnswer) -> Var:
    """The same shape as from a risk report; nothing was recorded, so there is no recording time."""
    missing = answer.unavailable or answer.es_unavailable
    heaviest = max(answer.named, key=lambda one: one.weight, default=None)
    return Var(
        portfolio_id=answer.portfolio_id,
        var=model_money(answer.var, answer.currency),
        es=model_money(answer.es, answer.currency),
        interval=_interval(answer),
        confidence=answer.confidence_bp / BASIS_POINTS,
        horizon_days=answer.horizon_days,
        horizon_rule=answer.horizon_rule,
        method=answer.method,
        estimator=answer.estimator,
        shortfall_rule=answer.shortfall_rule,
        k=answer.k,
        scenarios=answer.scenarios,
        effective_scenarios=answer.effective_scenarios,
        scenario_date=None if heaviest is None else heaviest.dates[-1].isoformat(),
        named=answer.named,
        window_start=_text(answer.window_start),
        window_end=_text(answer.window_end),
        basis=answer.basis,
        as_of=answer.as_of,
        recorded_at=None,
        valuation_id=answer.valuation_id,
        currency=answer.currency,
        coverage=answer.coverage,
        history_version=answer.history_version,
        definition=None,
        reason=None if answer.unavailable is None else answer.unavailable.reason,
        warnings=answer.warnings,
        details=answer.details if missing is None else {**answer.details, "message": missing.message},
    )


def _interval(answer: VarAnswer) -> VarInterval | None:
    found = answer.interval
    if found is None:
        return None
    return VarInterval(
        lower=model_money(found.lower, answer.currency),
        upper=model_money(found.upper, answer.currency),
        coverage=found.coverage,
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
