"""Why the VaR changed from one time to another."""

from typing import Literal

from msgspec import Struct

from contracts.analysis.common import AnalysisRequest, Answer, Unavailable
from contracts.types import Timestamp, Valuation

Component = Literal["data_correction", "method", "window", "positions", "market", "fx"]


class ExplainRequest(AnalysisRequest, frozen=True, kw_only=True):
    """`before` is the earlier valuation, `reported` the VaR stored for it with its definition."""

    confidence_bp: int = 9900
    before: Valuation
    reported: float | None = None
    reported_definition: int | None = None


class VarPart(Struct, frozen=True, kw_only=True, gc=False):
    """What one component changed, given those before it."""

    component: Component
    amount: float


class ExplainAnswer(Answer, frozen=True, kw_only=True):
    """var_before + parts + remainder = var_after, in base currency; parts in the order of computation."""

    confidence_bp: int
    method: str
    from_as_of: Timestamp
    from_valuation_id: str
    var_before: float | None = None
    var_after: float | None = None
    change: float | None = None
    parts: tuple[VarPart, ...] = ()
    remainder: float | None = None
    unavailable: Unavailable | None = None
