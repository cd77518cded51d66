"""Booking trades, and the trades that were booked."""

from typing import Annotated

from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from api_gateway.schemas.books import ExactDecimal
from api_gateway.schemas.common import Cursor, PortfolioId
from api_gateway.schemas.times import Rfc3339
from contracts import Trade

TRADES_MAX = 1000


class TradeIn(BaseModel):
    """One fill to book."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str = Field(min_length=1, max_length=64, examples=["IBM"])
    quantity: ExactDecimal = Field(description="signed units, bought above 0", examples=["-50"])
    price: ExactDecimal = Field(gt=0, description="per unit, in currency", examples=["182.05"])
    currency: str = Field(pattern="^[A-Z]{3}$", description="that of the instrument", examples=["USD"])
    executed_at: Rfc3339 = Field(description="when it was done", examples=["2013-10-07T14:00:00Z"])
    seq: int | None = Field(
        default=None,
        ge=0,
        lt=2**63,
        strict=True,
        description="order among fills of one instant; else the place in the list",
    )
    fee: ExactDecimal | None = Field(default=None, ge=0, description="in currency", examples=["1.25"])


TradesIn = Annotated[
    Annotated[TradeIn, Tag("trade")]
    | Annotated[list[TradeIn], Field(min_length=1, max_length=TRADES_MAX), Tag("list")],
    Discriminator(lambda body: "list" if isinstance(body, list) else "trade"),
]
"""One trade, or a list that is booked together."""


class TradesBooked(Struct, frozen=True, kw_only=True):
    """The trades are on the bus; positions and values follow within a second."""

    portfolio_id: PortfolioId
    data: Annotated[tuple[Trade, ...], Meta(description="in the order of the request")]


class TradeList(Struct, frozen=True, kw_only=True):
    """A page of stored trades, newest first."""

    portfolio_id: PortfolioId
    data: tuple[Trade, ...]
    next_cursor: Cursor | None = None
