"""Did losses exceed the VaR forecast as often as promised?"""

from datetime import date
from typing import Literal

from msgspec import Struct

from contracts.analysis.common import AnalysisRequest, Answer, Unavailable


class ActualDay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Profit and loss that a book really made on a date, and the VaR reported before it; base currency."""

    date: date
    pnl: float | None = None
    var: float | None = None


class BacktestRequest(AnalysisRequest, frozen=True, kw_only=True):
    """`lookback` scenarios make each day's forecast; `actual` adds a test against real days."""

    confidence_bp: int = 9900
    days: int = 250
    actual: tuple[ActualDay, ...] = ()


class BacktestDay(Struct, frozen=True, kw_only=True, gc=False):
    """One day: what happened, what was forecast (losses positive), whether the loss was greater."""

    date: date
    pnl: float
    var: float
    expected_shortfall: float | None = None
    exception: bool


class LikelihoodRatio(Struct, frozen=True, kw_only=True, gc=False):
    """A test: rejected when the p-value is below 5 %."""

    statistic: float
    p_value: float
    degrees_of_freedom: int
    rejected: bool


class Backtest(Struct, frozen=True, kw_only=True):
    """One test of n days. `missing` days had no P&L or no VaR and are left out."""

    pnl_type: Literal["hypothetical", "actual"]
    forecast: str
    """how the VaR of each day came about"""
    days: int = 0
    missing: int = 0
    exceptions: int = 0
    expected_exceptions: float = 0.0
    kupiec: LikelihoodRatio | None = None
    christoffersen: LikelihoodRatio | None = None
    conditional_coverage: LikelihoodRatio | None = None
    binomial_p_value: float | None = None
    """exact probability of as many exceptions or more"""
    zone: Literal["green", "yellow", "red"] | None = None
    yellow_from: int | None = None
    red_from: int | None = None
    multiplier: float | None = None
    """of MAR32.9, for 250 days at 99 % only"""
    multiplier_1996: float | None = None
    acerbi_szekely_z2: float | None = None
    """0 is expected, below 0 expected shortfall is too low"""
    series: tuple[BacktestDay, ...] = ()
    """oldest first"""
    warnings: tuple[str, ...] = ()
    unavailable: Unavailable | None = None


class BacktestAnswer(Answer, frozen=True, kw_only=True):
    """`actual` is there when daily profit and loss is stored."""

    confidence_bp: int
    hypothetical: Backtest
    actual: Backtest | None = None
