"""Value of a portfolio and its positions."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from api_gateway.schemas.common import Amount, Currency, Cursor, Money, PortfolioId, Symbol, ValuationId
from contracts import Basis, Coverage, Timestamp

AsOf = Annotated[Timestamp, Meta(description="market time of the value; null when not valued yet")]
RecordedAt = Annotated[Timestamp, Meta(description="when it was calculated")]


class Value(Struct, frozen=True, kw_only=True):
    """What a portfolio is worth at as_of. Amounts are null when no position is priced."""

    portfolio_id: PortfolioId
    basis: Annotated[Basis, Meta(description="last: newest price, live; bar: close of final bars, official")]
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    revision: Annotated[int, Meta(description="official values: 1, +1 per restatement; live values: 0")]
    valuation_id: ValuationId | None
    currency: Currency
    market_value: Money | None
    unrealized_pnl: Annotated[Money | None, Meta(description="price part plus FX part")]
    unrealized_price_pnl: Annotated[
        Money | None, Meta(description="(price - cost) x quantity at the present rate")
    ]
    unrealized_fx_pnl: Annotated[Money | None, Meta(description="of positions whose rate at cost is known")]
    long_exposure: Money | None
    short_exposure: Annotated[Money | None, Meta(description="zero or below")]
    gross_exposure: Money | None
    net_exposure: Money | None
    coverage: Coverage
    base_currency: Currency
    fx_rate: Annotated[
        Decimal | None,
        Meta(description="units of `currency` per unit of base currency; amounts are multiplied by it"),
    ]


class PositionLine(Struct, frozen=True, kw_only=True):
    """One position, valued. `*_base` amounts are in the currency of the answer."""

    symbol: Symbol
    asset_class: str | None
    quantity: Annotated[Amount, Meta(description="signed units", examples=["-50"])]
    average_cost: Annotated[Amount, Meta(description="per unit, in the position's currency")]
    multiplier: Amount
    currency: Annotated[Currency, Meta(description="of price and cost")]
    price: Annotated[Amount | None, Meta(description="last price or bar close; null when there is none")]
    price_as_of: Timestamp | None
    price_id: Annotated[str | None, Meta(description="the tick or bar the price is from")]
    fx_rate: Annotated[Decimal | None, Meta(description="base currency per unit of the position's currency")]
    fx_id: Annotated[str | None, Meta(description="the quotes behind fx_rate")]
    market_value: Annotated[Money | None, Meta(description="quantity x price x multiplier")]
    market_value_base: Money | None
    unrealized_pnl: Annotated[Money | None, Meta(description="(price - cost) x quantity x multiplier")]
    unrealized_pnl_base: Annotated[Money | None, Meta(description="price part plus FX part")]
    price_pnl_base: Money | None
    fx_pnl_base: Annotated[Money | None, Meta(description="null when the rate at cost is unknown")]
    cost_fx_rate: Decimal | None
    position_as_of: Annotated[Timestamp, Meta(description="date of the position version used")]
    position_version: int
    price_age_seconds: Annotated[float | None, Meta(description="as_of - price_as_of")]
    stale: bool


class PositionList(Struct, frozen=True, kw_only=True):
    """Every position of one valuation, unpriced ones too; always complete, so there is no next page."""

    portfolio_id: PortfolioId
    basis: Basis
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    valuation_id: ValuationId | None
    currency: Currency
    coverage: Coverage
    data: tuple[PositionLine, ...]
    next_cursor: Cursor | None = None


class ExposureGroup(Struct, frozen=True, kw_only=True):
    """Exposure of the positions that share a name."""

    name: Annotated[str, Meta(description="symbol, asset class or currency; Unclassified when unknown")]
    long: Money
    short: Annotated[Money, Meta(description="zero or below")]
    gross: Annotated[Money, Meta(description="long + |short|")]
    net: Annotated[Money, Meta(description="long + short")]
    share: Annotated[
        Decimal | None, Meta(description="gross of the group / gross of the book, a ratio", examples=["0.25"])
    ]


class Exposures(Struct, frozen=True, kw_only=True):
    """Exposure of a book and of its groups; the nets of each grouping add up to the net of the book."""

    portfolio_id: PortfolioId
    basis: Basis
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    valuation_id: ValuationId | None
    currency: Currency
    long: Money | None
    short: Annotated[Money | None, Meta(description="zero or below")]
    gross: Money | None
    net: Money | None
    by_asset: tuple[ExposureGroup, ...]
    by_asset_class: tuple[ExposureGroup, ...]
    by_currency: tuple[ExposureGroup, ...]
    coverage: Coverage
