"""Stored risk numbers of a closing valuation as the report tells them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from contracts.analysis.common import Unavailable
from reports.core.risk.rows import Metric
from reports.core.risk.shapes import Number, TailRisk

VAR, SHORTFALL = "historical_var", "expected_shortfall"


def number(metrics: Sequence[Metric], measure: str) -> Number | None:
    """A measure that is stored once; None when it is not stored at all."""
    found = next((one for one in metrics if one.measure == measure), None)
    if found is None:
        return None
    return Number(value=found.value, unit=found.unit, details=dict(found.details), unavailable=_why(found))


def tail_risks(metrics: Sequence[Metric], gross: Decimal | None) -> tuple[TailRisk, ...]:
    """Value at risk and expected shortfall by confidence, the highest first."""
    shortfalls = {one.parameters: one for one in metrics if one.measure == SHORTFALL}
    found = [_tail(one, shortfalls.get(one.parameters), gross) for one in metrics if one.measure == VAR]
    return tuple(sorted(found, key=lambda one: (-one.confidence_bp, one.horizon_days, one.method)))


def _tail(var: Metric, shortfall: Metric | None, gross: Decimal | None) -> TailRisk:
    asked, details = _parameters(var.parameters), var.details
    share = None if var.value is None or not gross else var.value / float(gross)
    return TailRisk(
        confidence_bp=int(asked["confidence_bp"]),
        horizon_days=int(asked["horizon_days"]),
        method=asked["method"],
        estimator=details.get("estimator"),
        var=var.value,
        interval_lower=_float(details, "interval_lower"),
        interval_upper=_float(details, "interval_upper"),
        interval_coverage=_float(details, "interval_coverage"),
        expected_shortfall=None if shortfall is None else shortfall.value,
        percent_of_gross=share,
        scenario_date=_date(details, "scenario_date"),
        k=_whole(details, "k"),
        scenarios=_whole(details, "scenarios"),
        window_start=_date(details, "window_start"),
        window_end=_date(details, "window_end"),
        unavailable=_why(var),
        shortfall_unavailable=_not_stored(SHORTFALL) if shortfall is None else _why(shortfall),
    )


def _why(metric: Metric) -> Unavailable | None:
    if metric.value is not None:
        return None
    return Unavailable(reason=metric.reason or "unknown", message=metric.details.get("message", ""))


def _not_stored(measure: str) -> Unavailable:
    return Unavailable(reason="not_stored", message=f"{measure} of this confidence is not in the warehouse")


def _parameters(text: str) -> dict[str, str]:
    """`confidence_bp=9900,horizon_days=1` as a mapping."""
    return dict(part.split("=", 1) for part in text.split(",") if part)


def _float(details: Mapping[str, str], name: str) -> float | None:
    return float(details[name]) if name in details else None


def _whole(details: Mapping[str, str], name: str) -> int | None:
    return int(details[name]) if name in details else None


def _date(details: Mapping[str, str], name: str) -> dt.date | None:
    return dt.date.fromisoformat(details[name]) if name in details else None
