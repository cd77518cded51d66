"""From a risk report to the answers about risk and value at risk."""

from decimal import Decimal

from api_gateway.core.values import money
from api_gateway.schemas.common import Money
from api_gateway.schemas.risk import MeasureValue, NamedMeasure, Risk, Var
from contracts import Coverage, Measure, RiskReport
from quant.money import plain, round_money

VAR_MEASURE = "historical_var"
VAR_METHOD = "historical"
BASIS_POINTS = 10_000


def risk(report: RiskReport) -> Risk:
    """All measures of a report by name."""
    by_name: dict[str, list[Measure]] = {}
    for measure in report.measures:
        by_name.setdefault(measure.measure, []).append(measure)
    return Risk(
        portfolio_id=report.portfolio_id,
        basis=report.basis,
        as_of=report.as_of,
        recorded_at=report.recorded_at,
        valuation_id=report.valuation_id,
        currency=report.currency,
        market_value=money(report.market_value, report.currency),
        coverage=report.coverage,
        history_version=report.history_version,
        measures={name: _named(variants, report.currency) for name, variants in by_name.items()},
    )


def no_risk(portfolio_id: str, base_currency: str, coverage: Coverage) -> Risk:
    """The answer before the first report: no measure, and the coverage of the value if there is one."""
    return Risk(
        portfolio_id=portfolio_id,
        basis=None,
        as_of=None,
        recorded_at=None,
        valuation_id=None,
        currency=base_currency,
        market_value=None,
        coverage=coverage,
        history_version=None,
        measures={},
    )


def computed_var(report: RiskReport) -> tuple[tuple[int, int, str], ...]:
    """(confidence in basis points, horizon in days, method) of every value at risk in a report."""
    return tuple(_asked(measure) for measure in report.measures if measure.measure == VAR_MEASURE)


def var(report: RiskReport, confidence_bp: int, horizon_days: int, method: str) -> Var | None:
    """Value at risk with these parameters, None when the report has none such."""
    wanted = (confidence_bp, horizon_days, method)
    for measure in report.measures:
        if measure.measure == VAR_MEASURE and _asked(measure) == wanted:
            return _var(report, measure, confidence_bp, horizon_days, method)
    return None


def no_var(
    portfolio_id: str,
    base_currency: str,
    coverage: Coverage,
    confidence_bp: int,
    horizon_days: int,
    method: str,
) -> Var:
    """The answer before the first report."""
    return Var(
        portfolio_id=portfolio_id,
        var=None,
        confidence=confidence_bp / BASIS_POINTS,
        horizon_days=horizon_days,
        method=method,
        estimator=None,
        k=None,
        scenarios=None,
        scenario_date=None,
        window_start=None,
        window_end=None,
        basis=None,
        as_of=None,
        recorded_at=None,
        valuation_id=None,
        currency=base_currency,
        coverage=coverage,
        history_version=None,
        definition=None,
        reason=None,
        details={},
    )


def _var(report: RiskReport, measure: Measure, confidence_bp: int, horizon_days: int, method: str) -> Var:
    details = measure.details
    return Var(
        portfolio_id=report.portfolio_id,
        var=_model_money(measure.value, report.currency),
        confidence=confidence_bp / BASIS_POINTS,
        horizon_days=horizon_days,
        method=method,
        estimator=details.get("estimator"),
        k=_whole(details.get("k")),
        scenarios=_whole(details.get("scenarios")),
        scenario_date=details.get("scenario_date"),
        window_start=details.get("window_start"),
        window_end=details.get("window_end"),
        basis=report.basis,
        as_of=report.as_of,
        recorded_at=report.recorded_at,
        valuation_id=report.valuation_id,
        currency=report.currency,
        coverage=report.coverage,
        history_version=report.history_version,
        definition=measure.definition,
        reason=measure.reason,
        details=details,
    )


def _asked(measure: Measure) -> tuple[int, int, str]:
    given = measure.parameters
    return int(given["confidence_bp"]), int(given["horizon_days"]), given["method"]


def _named(variants: list[Measure], currency: str) -> NamedMeasure:
    values = tuple(_measure(measure, currency) for measure in variants)
    first = values[0]
    return NamedMeasure(
        value=first.value,
        amount=first.amount,
        unit=first.unit,
        parameters=first.parameters,
        details=first.details,
        reason=first.reason,
        definition=first.definition,
        variants=values,
    )


def _measure(measure: Measure, currency: str) -> MeasureValue:
    return MeasureValue(
        value=measure.value,
        amount=_model_money(measure.value, currency) if measure.unit == currency else None,
        unit=measure.unit,
        parameters=measure.parameters,
        details=measure.details,
        reason=measure.reason,
        definition=measure.definition,
    )


def _model_money(number: float | None, currency: str) -> Money | None:
    """A model output as money: the shortest decimal that is this double, rounded half-even to 8 places."""
    return None if number is None else Money(plain(round_money(Decimal(repr(number)))), currency)


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)
