"""The Risk Exposure report as data: what JSON holds and what documents are made of."""

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from contracts import Timestamp
from contracts.analysis.common import Unavailable


class TailRisk(Struct, frozen=True, kw_only=True):
    """Value at risk of one confidence, positive losses in base currency, with what it was read off."""

    confidence_bp: int
    horizon_days: int
    method: str
    estimator: str | None
    var: float | None
    interval_lower: float | None
    interval_upper: float | None
    interval_coverage: float | None
    expected_shortfall: float | None
    percent_of_gross: float | None
    scenario_date: dt.date | None
    k: int | None
    scenarios: int | None
    window_start: dt.date | None
    window_end: dt.date | None
    unavailable: Unavailable | None
    shortfall_unavailable: Unavailable | None


class PositionRisk(Struct, frozen=True, kw_only=True):
    """What one position adds to value at risk and expected shortfall, in base currency; a hedge takes away.

    Shares are of the whole; `marginal` is value at risk per unit of market value.
    """

    symbol: str
    name: str
    market_value: Decimal | None
    component: Decimal | None
    share: float | None
    marginal: float | None
    shortfall_component: Decimal | None
    shortfall_share: float | None
    reason: str | None


class TailSplit(Struct, frozen=True, kw_only=True):
    """What value at risk and expected shortfall of one confidence are made of, the largest part first.

    The components add up to `var` and `expected_shortfall` exactly.
    """

    confidence_bp: int
    var: Decimal | None
    expected_shortfall: Decimal | None
    positions: tuple[PositionRisk, ...]
    unavailable: Unavailable | None


class Number(Struct, frozen=True, kw_only=True):
    """A stored measure, or why there is none."""

    value: float | None
    unit: str
    details: dict[str, str]
    unavailable: Unavailable | None


class Group(Struct, frozen=True, kw_only=True):
    """Exposure of the positions that share a name; `share` is its gross of the gross of all groups."""

    name: str
    long: Decimal
    short: Decimal
    gross: Decimal
    net: Decimal
    share: Decimal | None


class Stress(Struct, frozen=True, kw_only=True):
    """Profit or loss of today's book in one stress; `percent` is of gross exposure."""

    name: str
    description: str
    kind: Literal["hypothetical", "historical"]
    first: dt.date | None
    last: dt.date | None
    pnl: float | None
    percent: float | None
    not_shocked: tuple[str, ...]
    proxies: tuple[str, ...]
    unavailable: Unavailable | None


class ReportedBacktest(Struct, frozen=True, kw_only=True):
    """Exceptions of the reported 99 % VaR against actual profit, and the zone of the traffic light."""

    confidence_bp: int
    days: int
    missing: int
    exceptions: int | None
    expected: float | None
    zone: str | None
    yellow_from: int | None
    red_from: int | None
    exception_dates: tuple[dt.date, ...]
    unavailable: Unavailable | None


class LimitState(Struct, frozen=True, kw_only=True):
    """How a limit stands and for how long, in market time; utilisation is value / hard level.

    `state` is that of the close, or the newest live one where the end of day judged none. `breach_open`, its
    age, severity and what people did tell of the live breach, which the close need not confirm.
    """

    limit_id: str
    portfolio_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: str
    state: str
    since: Timestamp | None
    age_seconds: float | None
    value: float | None
    unit: str | None
    warning_level: float | None
    hard_level: float
    utilisation: float | None
    breach_open: bool
    breach_age_seconds: float | None
    severity: int | None
    actions: tuple[str, ...]
    message: str | None


class SymbolVolatility(Struct, frozen=True, kw_only=True):
    """Annual volatility of the last 20 daily returns of an instrument, in its own currency."""

    symbol: str
    name: str
    volatility: float | None
    last_close: dt.date | None
    unavailable: Unavailable | None


class BookRisk(Struct, frozen=True, kw_only=True):
    """One portfolio, all amounts in its base currency. A portfolio with members contains theirs."""

    portfolio_id: str
    name: str
    currency: str
    parent_id: str | None
    depth: int
    has_members: bool
    as_of: Timestamp | None
    market_value: Decimal | None
    long: Decimal | None
    short: Decimal | None
    gross: Decimal | None
    net: Decimal | None
    coverage: dict[str, Any]
    tails: tuple[TailRisk, ...]
    split: TailSplit
    volatility_20d: Number | None
    volatility_ewma: Number | None
    max_drawdown: Number | None
    concentration: Number | None
    top5_share: Number | None
    effective_names: Number | None
    sector_concentration: Number | None
    by_asset_class: tuple[Group, ...]
    by_currency: tuple[Group, ...]
    stresses: tuple[Stress, ...]
    backtest: ReportedBacktest


class RiskExposureReport(Struct, frozen=True, kw_only=True):
    """Risk Exposure at the close of one business date, as known at one moment."""

    report: Literal["risk-exposure"] = "risk-exposure"
    date: dt.date
    as_of: Timestamp | None
    known_at: Timestamp
    complete: bool
    portfolios: tuple[BookRisk, ...]
    limits: tuple[LimitState, ...]
    volatilities: tuple[SymbolVolatility, ...]
