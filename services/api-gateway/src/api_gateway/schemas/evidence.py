"""What a value is made of, down to ticks."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from api_gateway.schemas.common import Amount, Currency, Money, PortfolioId, Symbol, ValuationId
from api_gateway.schemas.values import AsOf, RecordedAt
from contracts import Basis, Coverage, Timestamp

SourceKind = Literal["tick", "bar", "fixing", "cash", "model", "same"]


class TickRange(Struct, frozen=True, kw_only=True, gc=False):
    """Where the ticks of a bar are: so many of its symbol and window, up to an offset of a partition."""

    topic: Annotated[str, Meta(examples=["marketdata.ticks.v1"])]
    partition: int
    last_offset: int
    count: Annotated[int, Meta(description="distinct ticks")]


class Source(Struct, frozen=True, kw_only=True):
    """One input of a price or a rate, as stored."""

    id: Annotated[str, Meta(examples=["bar:IBM:2013-10-07T14:25:00Z:1"])]
    kind: Annotated[
        SourceKind,
        Meta(
            description="tick: one tick; bar: close of a final bar; fixing: daily rate; cash: 1; "
            "model: an option's model price, its underlying follows; same: the base currency itself"
        ),
    ]
    symbol: Symbol | None
    value: Annotated[Amount | None, Meta(description="price or rate as stored; null when it is not stored")]
    currency: Currency | None
    as_of: Annotated[Timestamp | None, Meta(description="market time of the price or rate")]
    revision: int | None
    recorded_at: Timestamp | None
    tick_id: Annotated[
        str | None, Meta(description="the tick itself, or the tick of the close", examples=["taq/IBM/86012"])
    ]
    ticks: Annotated[TickRange | None, Meta(description="bars: all ticks it is made of")] = None


class PositionSource(Struct, frozen=True, kw_only=True):
    """A loaded version of a position."""

    portfolio_id: PortfolioId
    quantity: Amount
    average_cost: Amount
    as_of: Annotated[Timestamp, Meta(description="held from here on")]
    revision: int
    recorded_at: Timestamp


class FillSource(Struct, frozen=True, kw_only=True):
    """A trade since then."""

    trade_id: str
    portfolio_id: PortfolioId
    quantity: Annotated[Amount, Meta(description="signed units")]
    price: Amount
    executed_at: Timestamp
    recorded_at: Timestamp


class EvidenceLine(Struct, frozen=True, kw_only=True):
    """One position: market_value_base = quantity x multiplier x price x fx_rate, rounded to 8 places."""

    symbol: Symbol
    quantity: Amount
    multiplier: Amount
    price: Amount | None
    currency: Currency
    fx_rate: Decimal | None
    market_value_base: Money | None
    price_sources: tuple[Source, ...]
    fx_sources: Annotated[tuple[Source, ...], Meta(description="the quotes whose cross is fx_rate")]
    positions: Annotated[tuple[PositionSource, ...], Meta(description="versions in force, one per portfolio")]
    fills: tuple[FillSource, ...]


class Restated(Struct, frozen=True, kw_only=True):
    """A correction of this value."""

    revision: int
    recorded_at: Timestamp
    cause: Annotated[str, Meta(description="kinds of inputs that changed", examples=["bar"])]
    was: dict[str, Any]
    became: dict[str, Any]
    rows: Annotated[tuple[str, ...], Meta(description="ids of what changed, the first twenty")]


class ValueEvidence(Struct, frozen=True, kw_only=True):
    """Where a value comes from: prices, bars and ticks, rates and their quotes, positions, fills."""

    portfolio_id: PortfolioId
    basis: Basis
    as_of: AsOf
    recorded_at: RecordedAt
    revision: int
    valuation_id: ValuationId
    currency: Currency
    market_value: Money | None
    coverage: Coverage
    lines: tuple[EvidenceLine, ...]
    restatements: Annotated[tuple[Restated, ...], Meta(description="of this market time, oldest first")]
