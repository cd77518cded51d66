"""Portfolios: an item of the list is the message of the topic as it is."""

from typing import Annotated

from msgspec import Meta, Struct

from api_gateway.schemas.common import Currency, Cursor, PortfolioId
from contracts import Portfolio, Timestamp


class PortfolioList(Struct, frozen=True, kw_only=True):
    """A page of portfolios by id."""

    data: tuple[Portfolio, ...]
    next_cursor: Cursor | None = None


class PortfolioTree(Struct, frozen=True, kw_only=True):
    """A portfolio and what belongs to it."""

    portfolio_id: PortfolioId
    name: str
    base_currency: Currency
    parent_id: Annotated[str | None, Meta(description="portfolio it belongs to")]
    children: Annotated[tuple[str, ...], Meta(description="portfolios that belong to it directly")]
    members: Annotated[
        tuple[str, ...], Meta(description="all portfolios below; its value is that of all their positions")
    ]
    recorded_at: Timestamp
