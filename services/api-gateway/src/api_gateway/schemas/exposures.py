"""What a portfolio is exposed to."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api_gateway.schemas.common import Amount, Currency, Money, PortfolioId, Symbol, ValuationId
from api_gateway.schemas.values import AsOf, RecordedAt
from contracts import Basis, Coverage, CoverageNote

Grouping = Literal["asset", "asset_class", "currency", "sector", "exchange", "issuer"]


class ExposureGroup(Struct, frozen=True, kw_only=True):
    """Exposure of the positions that share a name."""

    name: Annotated[str, Meta(description="symbol, class, currency, sector ...; Unclassified when unknown")]
    long: Money
    short: Annotated[Money, Meta(description="zero or below")]
    gross: Annotated[Money, Meta(description="long + |short|")]
    net: Annotated[Money, Meta(description="long + short")]
    share: Annotated[
        Decimal | None,
        Meta(description="gross of the group / gross of all groups, a ratio", examples=["0.25"]),
    ]


Groups = Annotated[
    tuple[ExposureGroup, ...] | None, Meta(description="by name; null when another grouping was asked for")
]


class FxLeg(Struct, frozen=True, kw_only=True, gc=False):
    """One of the two currencies that a position in a currency pair stands for."""

    symbol: Symbol
    currency: Currency
    amount: Annotated[Amount, Meta(description="in that currency; what is owed is negative")]
    value: Annotated[Money, Meta(description="in the currency of the answer")]


class Exposures(Struct, frozen=True, kw_only=True):
    """Exposure of a book and of its groups, by market value.

    The nets of each grouping add up to the net of the book, those of the currencies to the NAV.
    """

    portfolio_id: PortfolioId
    basis: Basis
    as_of: AsOf | None
    recorded_at: RecordedAt | None
    valuation_id: ValuationId | None
    currency: Currency
    long: Money | None
    short: Annotated[Money | None, Meta(description="zero or below")]
    gross: Money | None
    net: Annotated[Money | None, Meta(description="long + short, without cash")]
    cash: Annotated[Money | None, Meta(description="cash positions, less what currency pairs owe")]
    nav: Annotated[Money | None, Meta(description="net + cash")]
    leverage: Annotated[Decimal | None, Meta(description="gross / nav; null with leverage_reason")]
    leverage_reason: Annotated[
        str | None, Meta(description="flat_book: gross is 0; not_positive_value: the NAV is 0 or below")
    ]
    delta_adjusted: Annotated[
        Money | None, Meta(description="net with options counted by their delta; null without options")
    ]
    option_notional: Annotated[
        Money | None, Meta(description="sum of |notional| of the options; null without options")
    ]
    by_asset: Groups
    by_asset_class: Groups
    by_currency: Annotated[
        tuple[ExposureGroup, ...] | None, Meta(description="with cash and both legs of currency pairs")
    ]
    by_sector: Groups
    by_exchange: Groups
    by_issuer: Groups
    fx_legs: Annotated[tuple[FxLeg, ...], Meta(description="held and owed currency of each pair")]
    unpriced: Annotated[
        tuple[CoverageNote, ...], Meta(description="positions that are in none of the amounts, and why")
    ]
    coverage: Coverage
