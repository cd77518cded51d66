"""Profit and loss of a day, a month or a year."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api_gateway.schemas.common import Currency, Money, PortfolioId, Symbol

PnlPeriod = Literal["day", "mtd", "ytd"]
PnlReason = Annotated[
    str, Meta(description="why it is not known, of the closed list of measures", examples=["no_price"])
]


class PnlParts(Struct, frozen=True, kw_only=True):
    """price + fx + trading + income - fees = total, to the last digit."""

    price: Annotated[Money, Meta(description="opening quantity x price change, at the closing rate")]
    fx: Annotated[Money, Meta(description="opening value x change of the rate")]
    trading: Annotated[Money, Meta(description="fills against the closing price")]
    income: Annotated[Money, Meta(description="dividends on their ex-date; a short position pays")]
    fees: Annotated[Money, Meta(description="of the fills; zero or above, subtracted")]
    total: Money
    hypothetical: Annotated[Money, Meta(description="price + fx + income: the opening book without trades")]
    actual: Annotated[Money, Meta(description="total before fees, as Basel backtests it")]


class PnlLine(Struct, frozen=True, kw_only=True):
    """One symbol over the period, of the days on which it is known."""

    symbol: Symbol
    parts: Annotated[PnlParts | None, Meta(description="null when no day of it is known")]
    realized: Annotated[Money | None, Meta(description="part of it closed by fills, fees taken off")]
    unknown_days: Annotated[int, Meta(description="days left out of the sums, see coverage")]


class PnlMover(Struct, frozen=True, kw_only=True):
    """A symbol and what it brought."""

    symbol: Symbol
    total: Money


class PnlDay(Struct, frozen=True, kw_only=True):
    """A date and what it brought."""

    date: dt.date
    total: Money


class UnknownPnl(Struct, frozen=True, kw_only=True):
    """A position that could not be told on a date."""

    symbol: Symbol
    date: dt.date
    reason: PnlReason


class PnlCoverage(Struct, frozen=True, kw_only=True):
    """How much of the period is sure."""

    days: Annotated[int, Meta(description="business dates of the period, Mondays to Fridays")]
    missing_days: Annotated[tuple[dt.date, ...], Meta(description="dates that are not frozen")]
    unknown: Annotated[tuple[UnknownPnl, ...], Meta(description="left out of the sums")]
    complete: bool


class Pnl(Struct, frozen=True, kw_only=True):
    """Profit and loss of a period. A period with a missing day has no total."""

    portfolio_id: PortfolioId
    period: Annotated[PnlPeriod, Meta(description="month and year to date begin after the last close before")]
    since: Annotated[dt.date | None, Meta(description="the business date at whose close the period begins")]
    date: Annotated[dt.date | None, Meta(description="its last business date; null when nothing is frozen")]
    live: Annotated[bool, Meta(description="whether the last day is the running one, which changes")]
    last_frozen: Annotated[dt.date | None, Meta(description="the newest date of an end of day")]
    currency: Currency
    parts: Annotated[PnlParts | None, Meta(description="sums over days and positions; null with a reason")]
    realized: Money | None
    opening_value: Annotated[Money | None, Meta(description="net value at the start of the period")]
    reason: Annotated[PnlReason | None, Meta(description="why there are no parts")]
    message: Annotated[str | None, Meta(description="the same for people, with the date")]
    time_weighted_return: Annotated[
        Decimal | None,
        Meta(description="product of (1 + P&L of a day / its opening value) - 1", examples=["0.0123"]),
    ]
    return_reason: Annotated[PnlReason | None, Meta(description="why there is no return")]
    return_message: str | None
    best_day: PnlDay | None
    worst_day: PnlDay | None
    gainers: tuple[PnlMover, ...]
    losers: tuple[PnlMover, ...]
    lines: tuple[PnlLine, ...]
    coverage: PnlCoverage
