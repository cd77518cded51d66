"""What the market did: bars, daily history, FX rates, corporate actions."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from store.tables.base import Fact, bigint, timestamp, versioned_by


class PriceBar(Fact, table=True):
    """A final five-minute bar of a symbol in [window_start, window_end); fields as in marketdata.bars.v1."""

    __table_args__ = (
        versioned_by("symbol", "window_start"),
        CheckConstraint("low > 0 AND high >= low", name="prices"),
        CheckConstraint("volume >= 0 AND trades > 0", name="counts"),
        Index(None, "trade_date", "symbol"),
    )

    symbol: str = Field(primary_key=True)
    window_start: dt.datetime = timestamp(primary_key=True)
    window_end: dt.datetime = timestamp()
    trade_date: dt.date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal | None = None
    volume: int = bigint()
    trades: int = bigint()
    currency: str
    status: str = "final"
    first_tick_id: str
    last_tick_id: str
    as_of: dt.datetime = timestamp()
    close_reporting: Decimal | None = None
    reporting_currency: str | None = None
    reporting_rate: Decimal | None = None


class DailyPrice(Fact, table=True):
    """Unadjusted prices of one symbol on one exchange date, in currency."""

    __table_args__ = (
        versioned_by("symbol", "date"),
        CheckConstraint("close > 0", name="close_above_zero"),
        Index(None, "date"),
    )

    symbol: str = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal
    volume: int | None = bigint(default=None)
    currency: str


class FxRate(Fact, table=True):
    """Units of quote currency per unit of base currency from as_of on: EURUSD 1.35 is 1.35 USD per EUR."""

    __table_args__ = (
        versioned_by("pair", "as_of"),
        CheckConstraint("rate > 0", name="rate_above_zero"),
    )

    pair: str = Field(primary_key=True)
    as_of: dt.datetime = timestamp(primary_key=True)
    rate: Decimal
    source: str | None = None


class CorporateAction(Fact, table=True):
    """A split (new shares per old) or a dividend (per share, in the instrument's currency) on its ex-date."""

    __table_args__ = (
        versioned_by("symbol", "ex_date", "type"),
        CheckConstraint("type IN ('split', 'dividend')", name="type"),
        CheckConstraint("value > 0", name="value_above_zero"),
    )

    symbol: str = Field(primary_key=True)
    ex_date: dt.date = Field(primary_key=True)
    type: str = Field(primary_key=True)
    value: Decimal
