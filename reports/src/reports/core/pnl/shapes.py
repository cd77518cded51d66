"""The Daily Portfolio PnL report as data: what JSON holds and what documents are made of."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts import Timestamp
from contracts.analysis.common import Unavailable
from reports.core.pnl.rows import CorrectedBar, DayLine, Restatement, UnknownLine

PeriodName = Literal["day", "mtd", "ytd"]


class Parts(Struct, frozen=True, kw_only=True):
    """price + fx + trading + income - fees = total."""

    price: Decimal
    fx: Decimal
    trading: Decimal
    income: Decimal
    fees: Decimal
    total: Decimal


class DayTotal(Struct, frozen=True, kw_only=True):
    """The profit of one business date."""

    date: dt.date
    total: Decimal


class Fall(Struct, frozen=True, kw_only=True):
    """The largest fall of a value index from its peak, a positive ratio; no dates when it never fell."""

    value: float
    peak: dt.date | None
    trough: dt.date | None


class Period(Struct, frozen=True, kw_only=True):
    """Profit and performance of the business dates after `since`; each number or why there is none."""

    name: PeriodName
    since: dt.date
    parts: Parts | None
    parts_unavailable: Unavailable | None
    realized: Decimal | None
    opening_value: Decimal | None
    time_weighted_return: Decimal | None
    return_unavailable: Unavailable | None
    drawdown: Fall | None
    drawdown_unavailable: Unavailable | None
    best_day: DayTotal | None
    worst_day: DayTotal | None
    days: int
    missing_days: tuple[dt.date, ...]
    unknown: int
    complete: bool


class Mover(Struct, frozen=True, kw_only=True):
    """A symbol and what it brought."""

    symbol: str
    name: str
    total: Decimal


class BookPnl(Struct, frozen=True, kw_only=True):
    """One portfolio, all amounts in its base currency. A portfolio with members contains theirs."""

    portfolio_id: str
    name: str
    currency: str
    parent_id: str | None
    depth: int
    has_members: bool
    closing_value: Decimal | None
    day: Period
    month: Period
    year: Period
    volatility_20d: float | None
    volatility_unavailable: Unavailable | None
    gainers: tuple[Mover, ...]
    losers: tuple[Mover, ...]
    month_gainers: tuple[Mover, ...]
    month_losers: tuple[Mover, ...]
    daily: tuple[DayTotal, ...]
    lines: tuple[DayLine, ...]
    unknown: tuple[UnknownLine, ...]


class DailyPnlReport(Struct, frozen=True, kw_only=True):
    """Daily Portfolio PnL of one business date, as known at one moment."""

    report: Literal["daily-pnl"] = "daily-pnl"
    date: dt.date
    known_at: Timestamp
    previous_report_at: Timestamp | None
    complete: bool
    portfolios: tuple[BookPnl, ...]
    restatements: tuple[Restatement, ...]
    corrected_bars: tuple[CorrectedBar, ...]
