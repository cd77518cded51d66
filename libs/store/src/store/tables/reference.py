"""What things are: instruments, portfolios, and the positions held in them."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from sqlmodel import Field

from store.tables.base import Fact, timestamp, versioned_by


class Instrument(Fact, table=True):
    """What a symbol is, from valid_from on."""

    __table_args__ = (versioned_by("symbol"),)
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valid_from"})

    symbol: str = Field(primary_key=True)
    valid_from: datetime = timestamp()
    name: str
    asset_class: str
    currency: str
    exchange: str
    isin: str | None = None
    figi: str | None = None
    sector: str | None = None
    multiplier: Decimal = Decimal(1)
    issuer: str | None = None
    underlying: str | None = None
    strike: Decimal | None = None
    expiry: datetime | None = timestamp(default=None)
    option_right: str | None = None
    volatility: Decimal | None = None
    interest_rate: Decimal | None = None
    dividend_yield: Decimal | None = None


class Portfolio(Fact, table=True):
    """A book, from valid_from on."""

    __table_args__ = (versioned_by("portfolio_id"),)
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valid_from"})

    portfolio_id: str = Field(primary_key=True)
    valid_from: datetime = timestamp()
    name: str
    base_currency: str
    parent_id: str | None = None


class Position(Fact, table=True):
    """Signed units and average cost per unit, in currency, from as_of on; quantity 0 means closed."""

    __table_args__ = (versioned_by("portfolio_id", "symbol", "as_of"),)

    portfolio_id: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    as_of: datetime = timestamp(primary_key=True)
    quantity: Decimal
    average_cost: Decimal
    currency: str
    cost_fx_rate: Decimal | None = None
