"""Risk numbers."""

from typing import Annotated

from msgspec import Meta, Struct

from api_gateway.schemas.common import Currency, Money, PortfolioId, ValuationId
from api_gateway.schemas.values import AsOf, RecordedAt
from contracts import Coverage, MeasureReason
from contracts.analysis.var import VarScenario

Number = Annotated[float, Meta(description="model output, double precision; null with a reason")]
Reason = Annotated[MeasureReason, Meta(description="why there is no value")]


class MeasureValue(Struct, frozen=True, kw_only=True):
    """One risk number with all that is needed to check it."""

    value: Number | None
    amount: Annotated[Money | None, Meta(description="the value as money, where its unit is a currency")]
    unit: Annotated[str, Meta(description="ISO 4217 code, ratio or percent")]
    parameters: Annotated[dict[str, str], Meta(description="what was asked for")]
    details: Annotated[dict[str, str], Meta(description="what was found, such as the scenario date")]
    reason: Reason | None
    definition: Annotated[int, Meta(description="version of the measure's definition")]


class NamedMeasure(MeasureValue, frozen=True, kw_only=True):
    """A measure; where it was computed with several parameters this is the first, and variants holds all."""

    variants: tuple[MeasureValue, ...]


class Risk(Struct, frozen=True, kw_only=True):
    """Risk of current holdings against daily history. Without a report `measures` is empty."""

    portfolio_id: PortfolioId
    basis: str | None
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    valuation_id: ValuationId | None
    currency: Currency
    market_value: Money | None
    coverage: Coverage
    history_version: Annotated[str | None, Meta(description="identifies the daily history used")]
    measures: Annotated[dict[str, NamedMeasure], Meta(description="by name in docs/reference/measures.md")]


class VarInterval(Struct, frozen=True, kw_only=True):
    """Losses between which the true value at risk lies with probability `coverage`."""

    lower: Annotated[Money | None, Meta(description="null: the sample is too small to bound this side")]
    upper: Annotated[Money | None, Meta(description="null: the sample is too small to bound this side")]
    coverage: Annotated[float, Meta(examples=[0.98])]


class Var(Struct, frozen=True, kw_only=True):
    """Value at risk: the loss (above zero) that is not exceeded with the given confidence."""

    portfolio_id: PortfolioId
    var: Annotated[Money | None, Meta(description="null with a reason")]
    es: Annotated[Money | None, Meta(description="expected shortfall: the mean loss of the tail")] = None
    interval: Annotated[VarInterval | None, Meta(description="for independent, equally weighted days")] = None
    confidence: Annotated[float, Meta(examples=[0.95])]
    horizon_days: Annotated[int, Meta(examples=[1])]
    horizon_rule: Annotated[str | None, Meta(description="how the horizon was reached")] = None
    method: Annotated[str, Meta(examples=["historical"])]
    estimator: Annotated[str | None, Meta(examples=["kth_worst"])]
    shortfall_rule: Annotated[str | None, Meta(examples=["acerbi_tasche"])] = None
    k: Annotated[int | None, Meta(description="rank from the worst of the heaviest scenario", examples=[25])]
    scenarios: Annotated[int | None, Meta(examples=[500])]
    effective_scenarios: Annotated[float | None, Meta(description="that count as independent")] = None
    scenario_date: Annotated[str | None, Meta(description="end of that scenario", examples=["2012-11-07"])]
    named: Annotated[
        tuple[VarScenario, ...], Meta(description="the scenarios behind it, heaviest ten, worst first")
    ] = ()
    window_start: str | None
    window_end: str | None
    basis: str | None
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    valuation_id: ValuationId | None
    currency: Currency
    coverage: Coverage
    history_version: str | None
    definition: int | None
    reason: Annotated[str | None, Meta(description="why there is no value; docs/reference/measures.md")]
    warnings: Annotated[tuple[str, ...], Meta(description="what limits the number")] = ()
    details: dict[str, str]
