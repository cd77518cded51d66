"""Value of a portfolio and its positions."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from api_gateway.schemas.common import Amount, Currency, Cursor, Money, PortfolioId, Symbol, ValuationId
from contracts import Basis, Coverage, OptionTerms, Timestamp

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
    realized_pnl: Annotated[
        Money | None,
        Meta(description="closed by trades, less fees, at the rates of the trades; closed positions too"),
    ]
    long_exposure: Money | None
    short_exposure: Annotated[Money | None, Meta(description="zero or below")]
    gross_exposure: Money | None
    net_exposure: Annotated[Money | None, Meta(description="long + short, without cash")]
    cash: Annotated[Money | None, Meta(description="cash positions, less what currency pairs owe")]
    nav: Annotated[Money | None, Meta(description="net exposure + cash")]
    leverage: Annotated[Decimal | None, Meta(description="gross / nav; null with leverage_reason")]
    leverage_reason: Annotated[
        str | None, Meta(description="flat_book: gross is 0; not_positive_value: the NAV is 0 or below")
    ]
    members: Annotated[
        tuple[str, ...] | None, Meta(description="portfolios below whose positions are merged in")
    ]
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
    realized_pnl_base: Annotated[
        Money | None, Meta(description="closed by trades since it was opened or loaded, less fees")
    ]
    cost_fx_rate: Decimal | None
    position_as_of: Annotated[Timestamp, Meta(description="date of the position version used")]
    position_version: int
    price_age_seconds: Annotated[float | None, Meta(description="as_of - price_as_of")]
    stale: bool
    sector: Annotated[str | None, Meta(description="of the instrument")]
    exchange: Annotated[str | None, Meta(description="ISO 10383 MIC of its home market")]
    issuer: Annotated[str | None, Meta(description="of the instrument")]
    option: Annotated[
        OptionTerms | None, Meta(description="options: what price and greeks of one unit were computed with")
    ]


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
