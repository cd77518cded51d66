"""Portfolios: an item is the message of the topic as it is."""

from msgspec import Struct

from api_gateway.schemas.common import Cursor
from contracts import Portfolio


class PortfolioList(Struct, frozen=True, kw_only=True):
    """A page of portfolios by id."""

    data: tuple[Portfolio, ...]
    next_cursor: Cursor | None = None
