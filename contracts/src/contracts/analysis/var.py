"""Value at risk of today's book by any method, and its split by position."""

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from contracts.analysis.common import AnalysisRequest, Answer, Unavailable
from contracts.types import Coverage

VarGroup = Literal["position", "sector", "currency", "asset_class"]
VarPart = Literal["var", "es"]


class VarRequest(AnalysisRequest, frozen=True, kw_only=True):
    """How to estimate; names as in docs/reference/measures/var.md.

    Without estimator and rule the defaults of the method. `lookback` is the number of scenarios, for the
    stressed method the length of its window.
    """

    confidence_bp: int = 9500
    horizon_days: int = 1
    method: str = "historical"
    estimator: str | None = None
    shortfall_rule: str | None = None


class VarScenario(Struct, frozen=True, kw_only=True, gc=False):
    """A scenario behind the number: its dates (several for a drawn path), weight, and loss at the horizon."""

    dates: tuple[date, ...]
    weight: float
    loss: float


class VarRange(Struct, frozen=True, kw_only=True, gc=False):
    """Losses between which the true value lies with probability `coverage`; a null side has no bound."""

    lower: float | None
    upper: float | None
    coverage: float


class VarAnswer(Answer, frozen=True, kw_only=True):
    """Losses are positive, in the base currency; without a VaR `unavailable` says why."""

    coverage: Coverage
    method: str
    confidence_bp: int
    horizon_days: int
    var: float | None = None
    es: float | None = None
    estimator: str | None = None
    shortfall_rule: str | None = None
    horizon_rule: str | None = None
    k: int | None = None
    interval: VarRange | None = None
    named: tuple[VarScenario, ...] = ()
    scenarios: int | None = None
    effective_scenarios: float | None = None
    window_start: date | None = None
    window_end: date | None = None
    warnings: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    unavailable: Unavailable | None = None
    es_unavailable: Unavailable | None = None


class ComponentsRequest(VarRequest, frozen=True, kw_only=True):
    """Which of the two numbers to split, and into what."""

    measure: VarPart = "es"
    by: VarGroup = "position"


class Component(Struct, frozen=True, kw_only=True):
    """What one position or group adds.

    `component` is its share of the total (a hedge has a negative one), `marginal` the change per unit of
    market value, `incremental` the total less the total without it, measured again. Money is in the base
    currency.
    """

    name: str
    positions: int
    market_value: Decimal
    component: Decimal
    percent: float | None
    marginal: float | None
    incremental: Decimal | None


class ComponentsAnswer(Answer, frozen=True, kw_only=True):
    """The split of a VaR or an expected shortfall; components sum to `total` to the last digit."""

    coverage: Coverage
    measure: VarPart
    by: VarGroup
    method: str
    confidence_bp: int
    horizon_days: int
    total: Decimal | None = None
    components: tuple[Component, ...] = ()
    estimator: str | None = None
    shortfall_rule: str | None = None
    horizon_rule: str | None = None
    k: int | None = None
    named: tuple[VarScenario, ...] = ()
    scenarios: int | None = None
    window_start: date | None = None
    window_end: date | None = None
    warnings: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()
    unavailable: Unavailable | None = None
