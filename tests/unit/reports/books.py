"""Rows of a small world: two portfolios in two months, one position known in part."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

from reports.core.books import Portfolio
from reports.core.pnl.rows import BookDay, DayLine, PnlRows

MONDAY = dt.date(2013, 10, 7)
KNOWN = dt.datetime(2013, 10, 7, 22, 30, tzinfo=dt.UTC)
US = Portfolio(portfolio_id="US", name="US book", currency="USD", parent_id="TOP")
TOP = Portfolio(portfolio_id="TOP", name="Top", currency="USD")


def day(date: dt.date, total: str, opening: str = "1000", **fields: Any) -> BookDay:
    """A day whose profit is all price."""
    zeros = dict.fromkeys(("fx", "trading", "income", "fees"), D(0))
    values = {
        "portfolio_id": "US",
        "date": date,
        "price": D(total),
        **zeros,
        "total": D(total),
        "opening_value": D(opening),
        "closing_value": D(opening) + D(total),
        "realized": D(0),
        "known": 1,
        "unknown": 0,
    }
    return BookDay(**{**values, **fields})


def line(symbol: str, total: str | None, **fields: Any) -> DayLine:
    amount = None if total is None else D(total)
    zero = None if total is None else D(0)
    values = {
        "portfolio_id": "US",
        "symbol": symbol,
        "name": f"{symbol} Inc.",
        "price": amount,
        **dict.fromkeys(("fx", "trading", "income", "fees"), zero),
        "total": amount,
        "closing_value": amount,
        "reason": "no_price" if total is None else None,
    }
    return DayLine(**{**values, **fields})


def pnl_rows(**fields: Any) -> PnlRows:
    """One portfolio that made 10 on Monday, 2013-10-07, and was frozen on every date of the month."""
    dates = [dt.date(2013, 10, n) for n in (1, 2, 3, 4, 7)]
    values: dict[str, Any] = {
        "date": MONDAY,
        "known_at": KNOWN,
        "since": dt.datetime(2013, 10, 4, 22, 30, tzinfo=dt.UTC),
        "portfolios": [US],
        "days": [day(MONDAY, "10")],
        "lines": [line("AIG", "10")],
        "month": [],
        "unknown": [],
        "restatements": [],
        "bars": [],
        "frozen": frozenset(dates),
        "first_held": {"US": dt.date(2013, 10, 1)},
    }
    return PnlRows(**{**values, **fields})
