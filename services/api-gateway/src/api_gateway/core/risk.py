"""From a risk report to the answers about risk and value at risk."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from api_gateway.core.values import money
from api_gateway.schemas.common import Money
from api_gateway.schemas.risk import MeasureValue, NamedMeasure, Risk, Var, VarInterval
from contracts import Coverage, Measure, RiskReport
from contracts.analysis.var import VarScenario
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
        var=model_money(measure.value, report.currency),
        es=model_money(_number(details.get("expected_shortfall")), report.currency),
        interval=_interval(details, report.currency),
        confidence=confidence_bp / BASIS_POINTS,
        horizon_days=horizon_days,
        horizon_rule="one_day",
        method=method,
        estimator=details.get("estimator"),
        shortfall_rule="acerbi_tasche" if "expected_shortfall" in details else None,
        k=_whole(details.get("k")),
        scenarios=_whole(details.get("scenarios")),
        effective_scenarios=_number(details.get("scenarios")),
        scenario_date=details.get("scenario_date"),
        named=_named_scenario(measure),
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
        amount=model_money(measure.value, currency) if measure.unit == currency else None,
        unit=measure.unit,
        parameters=measure.parameters,
        details=measure.details,
        reason=measure.reason,
        definition=measure.definition,
    )


def model_money(number: float | None, currency: str) -> Money | None:
    """A model output as money: the shortest decimal that is this double, rounded half-even to 8 places."""
    return None if number is None else Money(plain(round_money(Decimal(repr(number)))), currency)


def _interval(details: Mapping[str, str], currency: str) -> VarInterval | None:
    coverage = _number(details.get("interval_coverage"))
    if coverage is None:
        return None
    return VarInterval(
        lower=model_money(_number(details.get("interval_lower")), currency),
        upper=model_money(_number(details.get("interval_upper")), currency),
        coverage=coverage,
    )


def _named_scenario(measure: Measure) -> tuple[VarScenario, ...]:
    """The k-th worst scenario is the VaR itself."""
    day = measure.details.get("scenario_date")
    if day is None or measure.value is None:
        return ()
    return (VarScenario(dates=(date.fromisoformat(day),), weight=1.0, loss=measure.value),)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)
