"""What was traded, what each day earned, and who checked it."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from store.tables.base import Fact, bigint, double, timestamp, versioned_by


class Fill(Fact, table=True):
    """One execution: signed units at a price per unit, fee zero or more, both in currency."""

    __table_args__ = (
        versioned_by("fill_id"),
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        CheckConstraint("fee >= 0", name="fee_not_negative"),
        Index(None, "portfolio_id", "symbol", "executed_at"),
    )

    fill_id: str = Field(primary_key=True)
    portfolio_id: str
    symbol: str
    executed_at: dt.datetime = timestamp()
    seq: int = bigint()
    quantity: Decimal
    price: Decimal
    currency: str
    fee: Decimal = Decimal(0)


class PnlDaily(Fact, table=True):
    """Profit and loss of one position on one business date, frozen; in the portfolio's base currency.

    price + fx + trading + income - fees = total = closing_value - opening_value - flow + income - fees, where
    `flow` is the money put into the position by fills, at the closing rate. Prices are per unit in the
    position's currency. A day that cannot be told has nulls and a reason.
    """

    __table_args__ = (
        versioned_by("portfolio_id", "symbol", "date"),
        Index(None, "portfolio_id", "date"),
    )

    portfolio_id: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    currency: str
    opening_quantity: Decimal
    opening_price: Decimal | None = None
    opening_fx_rate: Decimal | None = None
    opening_value: Decimal | None = None
    closing_quantity: Decimal
    closing_price: Decimal | None = None
    closing_fx_rate: Decimal | None = None
    closing_value: Decimal | None = None
    flow: Decimal | None = None
    price: Decimal | None = None
    fx: Decimal | None = None
    trading: Decimal | None = None
    income: Decimal | None = None
    fees: Decimal | None = None
    total: Decimal | None = None
    realized: Decimal | None = None
    reason: str | None = None


class Challenge(Fact, table=True):
    """One number of an end of day computed twice, by independent code; divergence = challenger - primary."""

    __table_args__ = (versioned_by("portfolio_id", "date", "measure"),)

    portfolio_id: str = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    primary_value: float | None = double(default=None)
    challenger_value: float | None = double(default=None)
    divergence: float | None = double(default=None)
    unit: str
    reason: str | None = None
