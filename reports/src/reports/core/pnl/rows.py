"""What the warehouse says about profit and loss, as known at one moment."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts import Timestamp
from reports.core.books import Portfolio


class BookDay(Struct, frozen=True, kw_only=True):
    """The known lines of one portfolio on one business date, added up; `unknown` lines are in no sum."""

    portfolio_id: str
    date: dt.date
    price: Decimal
    fx: Decimal
    trading: Decimal
    income: Decimal
    fees: Decimal
    total: Decimal
    opening_value: Decimal
    closing_value: Decimal
    realized: Decimal | None
    known: int
    unknown: int


class DayLine(Struct, frozen=True, kw_only=True):
    """One position on the date: all amounts, or the reason why there are none."""

    portfolio_id: str
    symbol: str
    name: str
    price: Decimal | None
    fx: Decimal | None
    trading: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    total: Decimal | None
    closing_value: Decimal | None
    reason: str | None


class SymbolTotal(Struct, frozen=True, kw_only=True):
    """What one symbol brought a portfolio since the month began, where it is known."""

    portfolio_id: str
    symbol: str
    name: str
    total: Decimal


class UnknownLine(Struct, frozen=True, kw_only=True):
    """A position of the year that is in no sum, and why."""

    portfolio_id: str
    symbol: str
    date: dt.date
    reason: str


class Restatement(Struct, frozen=True, kw_only=True):
    """A line that an earlier report showed otherwise; nulls where it was not known or not there."""

    portfolio_id: str
    symbol: str
    date: dt.date
    was: Decimal | None
    became: Decimal | None
    was_reason: str | None
    became_reason: str | None
    revision: int
    recorded_at: Timestamp


class CorrectedBar(Struct, frozen=True, kw_only=True):
    """A final bar that changed after it was published."""

    symbol: str
    window_start: Timestamp
    was: Mapping[str, Any]
    became: Mapping[str, Any]
    cause: str
    recorded_at: Timestamp


class PnlRows(Struct, frozen=True, kw_only=True):
    """All of it. `frozen` are the dates with an end of day, `first_held` begins each portfolio; `since` is
    when the report before was made: the first end of day of the business date before.
    """

    date: dt.date
    known_at: dt.datetime
    since: dt.datetime | None
    portfolios: Sequence[Portfolio]
    days: Sequence[BookDay]
    lines: Sequence[DayLine]
    month: Sequence[SymbolTotal]
    unknown: Sequence[UnknownLine]
    restatements: Sequence[Restatement]
    bars: Sequence[CorrectedBar]
    frozen: frozenset[dt.date]
    first_held: Mapping[str, dt.date]
