"""What the warehouse says about risk at the close of a date, as known at one moment."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from contracts import Valuation
from measuring.core.history import DailyHistory
from reports.core.books import Portfolio


class Metric(Struct, frozen=True, kw_only=True):
    """One stored risk number of a closing valuation."""

    portfolio_id: str
    measure: str
    parameters: str
    value: float | None
    unit: str
    details: Mapping[str, str]
    reason: str | None


class Component(Struct, frozen=True, kw_only=True):
    """What one position of a closing valuation adds to a stored risk number, or why that is not known."""

    portfolio_id: str
    measure: str
    parameters: str
    symbol: str
    component: Decimal | None
    percent: float | None
    marginal: float | None
    reason: str | None


class Limit(Struct, frozen=True, kw_only=True):
    """An active limit as it stood at the close, with its open breach; nulls where it was never judged."""

    limit_id: str
    portfolio_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: str
    warning_level: float | None
    hard_level: float
    state: str | None
    state_since: dt.datetime | None
    value: float | None
    unit: str | None
    as_of: dt.datetime | None
    breach_id: str | None
    breach_opened_at: dt.datetime | None
    armed_state: str | None
    severity: int | None
    reason: str | None
    message: str | None
    actions: Sequence[str]


class TestedDay(Struct, frozen=True, kw_only=True):
    """A day's profit before fees and the VaR that was reported before it; null where one is not known."""

    portfolio_id: str
    date: dt.date
    pnl: float | None
    var: float | None

    __test__ = False  # no test of ours


class RiskRows(Struct, frozen=True, kw_only=True):
    """All of it. `closings` are the last official valuations of the date by portfolio; `names` those of
    instruments; `history` is the daily history, `pivot` the currency that crosses go through.
    """

    date: dt.date
    known_at: dt.datetime
    portfolios: Sequence[Portfolio]
    closings: Mapping[str, Valuation]
    metrics: Sequence[Metric]
    components: Sequence[Component]
    limits: Sequence[Limit]
    tested: Sequence[TestedDay]
    names: Mapping[str, str]
    history: DailyHistory
    pivot: str
