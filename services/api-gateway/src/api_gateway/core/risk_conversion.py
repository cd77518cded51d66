"""Risk numbers in another currency: model outputs times one rate of the valuation they rest on.

This is the loss in base currency, told in another one; it is not the risk of an investor whose own currency
is the other one, since rates do not move in it.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from contracts import Measure, RiskReport
from contracts.analysis.var import VarAnswer, VarRange, VarScenario
from quant.fx import convert

MONEY_DETAILS = frozenset({"expected_shortfall", "interval_lower", "interval_upper", "mean", "deviation"})
"""Details of a measure that are money when the measure is."""


def report_in(report: RiskReport, currency: str, rate: Decimal) -> RiskReport:
    """A report with every amount in `currency`; `rate` is units of it per unit of base currency."""
    value = report.market_value
    return replace(
        report,
        currency=currency,
        market_value=None if value is None else convert(value, rate),
        measures=tuple(
            _measure(one, currency, rate) if one.unit == report.currency else one for one in report.measures
        ),
    )


def var_in(answer: VarAnswer, currency: str, rate: Decimal) -> VarAnswer:
    """The same for a value at risk that was computed."""
    times = float(rate)
    return replace(
        answer,
        currency=currency,
        var=_times(answer.var, times),
        es=_times(answer.es, times),
        interval=None if answer.interval is None else _interval(answer.interval, times),
        named=tuple(_scenario(one, times) for one in answer.named),
        details=_details(answer.details, times),
    )


def _measure(measure: Measure, currency: str, rate: Decimal) -> Measure:
    times = float(rate)
    details = _details(measure.details, times)
    return replace(measure, unit=currency, value=_times(measure.value, times), details=details)


def _details(details: Mapping[str, str], times: float) -> dict[str, str]:
    return {
        name: repr(float(text) * times) if name in MONEY_DETAILS else text for name, text in details.items()
    }


def _interval(found: VarRange, times: float) -> VarRange:
    return replace(found, lower=_times(found.lower, times), upper=_times(found.upper, times))


def _scenario(scenario: VarScenario, times: float) -> VarScenario:
    return replace(scenario, loss=scenario.loss * times)


def _times(value: float | None, times: float) -> float | None:
    return None if value is None else value * times
