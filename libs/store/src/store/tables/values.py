"""What books are worth and what they risk, and every correction of either."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from store.tables.base import Fact, bigint, double, json, timestamp, versioned_by


class PortfolioValuation(Fact, table=True):
    """Value of one portfolio at one market time; amounts in the base currency, null when nothing is priced.

    Basis `bar` is official (close of final bars), basis `last` is live. short_exposure is zero or below.
    """

    __table_args__ = (
        versioned_by("portfolio_id", "as_of", "basis"),
        CheckConstraint("basis IN ('last', 'bar')", name="basis"),
    )
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valuation_id"})

    portfolio_id: str = Field(primary_key=True)
    as_of: datetime = timestamp(primary_key=True)
    basis: str = Field(primary_key=True)
    valuation_id: str
    currency: str
    market_value: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    unrealized_price_pnl: Decimal | None = None
    unrealized_fx_pnl: Decimal | None = None
    long_exposure: Decimal | None = None
    short_exposure: Decimal | None = None
    gross_exposure: Decimal | None = None
    net_exposure: Decimal | None = None
    coverage: dict[str, Any] = json()
    fx_rates: dict[str, Any] = json()
    realized_pnl: Decimal | None = None
    daily_pnl: dict[str, Any] | None = json(default=None)
    members: list[str] | None = json(default=None)


class PositionValuation(Fact, table=True):
    """One line of a portfolio valuation; fields as PositionValue in topic portfolio.valuations.v1."""

    __table_args__ = (
        versioned_by("portfolio_id", "symbol", "as_of", "basis"),
        CheckConstraint("basis IN ('last', 'bar')", name="basis"),
    )
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valuation_id"})

    portfolio_id: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    as_of: datetime = timestamp(primary_key=True)
    basis: str = Field(primary_key=True)
    valuation_id: str
    asset_class: str | None = None
    quantity: Decimal
    average_cost: Decimal
    multiplier: Decimal
    currency: str
    price: Decimal | None = None
    price_as_of: datetime | None = timestamp(default=None)
    price_id: str | None = None
    fx_rate: Decimal | None = None
    fx_id: str | None = None
    market_value: Decimal | None = None
    market_value_base: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    unrealized_pnl_base: Decimal | None = None
    price_pnl_base: Decimal | None = None
    fx_pnl_base: Decimal | None = None
    cost_fx_rate: Decimal | None = None
    position_as_of: datetime = timestamp()
    position_version: int = bigint()
    price_age_seconds: float | None = double(default=None)
    stale: bool
    sector: str | None = None
    exchange: str | None = None
    issuer: str | None = None
    realized_pnl_base: Decimal | None = None
    daily_pnl: dict[str, Any] | None = json(default=None)
    option: dict[str, Any] | None = json(default=None)


class RiskMetric(Fact, table=True):
    """One risk number. `value` is a model output (double precision); when it is null `reason` says why.

    `parameters` is canonical text, see `canonical_parameters`.
    """

    __table_args__ = (versioned_by("portfolio_id", "as_of", "basis", "measure", "parameters"),)
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valuation_id"})

    portfolio_id: str = Field(primary_key=True)
    as_of: datetime = timestamp(primary_key=True)
    basis: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    parameters: str = Field(primary_key=True)
    valuation_id: str
    value: float | None = double(default=None)
    unit: str
    details: dict[str, Any] = json(default_factory=dict)
    reason: str | None = None
    definition: int


class VarComponent(Fact, table=True):
    """What one position adds to a risk number of a closing value, in base currency; negative for a hedge.

    The components of one portfolio, market time, basis, measure and parameters add up to the number, rounded
    to 8 places. `percent` is of that total, `marginal` per unit of market value. Without a component `reason`
    says why: that of the number, `unpriced`, or `not_held` where a correction took the position out.
    """

    __table_args__ = (
        versioned_by("portfolio_id", "as_of", "basis", "measure", "parameters", "symbol"),
        CheckConstraint("(component IS NULL) = (reason IS NOT NULL)", name="reason"),
    )
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valuation_id"})

    portfolio_id: str = Field(primary_key=True)
    as_of: datetime = timestamp(primary_key=True)
    basis: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    parameters: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    valuation_id: str
    component: Decimal | None = None
    percent: float | None = double(default=None)
    marginal: float | None = double(default=None)
    currency: str
    reason: str | None = None


class Restatement(Fact, table=True):
    """A stored number was replaced: what was, what it became, and why.

    `relation` and `row_key` name the corrected row (its natural key as text joined by `|`), `revision` is the
    new revision of that row, `evidence` holds the tick ids or row keys behind `cause`.
    """

    __table_args__ = (versioned_by("relation", "row_key"),)

    relation: str = Field(primary_key=True)
    row_key: str = Field(primary_key=True)
    was: dict[str, Any] = json()
    became: dict[str, Any] = json()
    cause: str


def canonical_parameters(parameters: dict[str, str]) -> str:
    """Parameters as text for keys of risk numbers, sorted: `confidence_bp=9500,horizon_days=1`."""
    return ",".join(f"{name}={parameters[name]}" for name in sorted(parameters))
