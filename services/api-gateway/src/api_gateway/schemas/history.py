"""History of one number of a portfolio."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from api_gateway.schemas.common import Cursor, PortfolioId
from contracts import Basis, Timestamp


class HistoryPoint(Struct, frozen=True, kw_only=True):
    """The number as stored with its latest revision."""

    as_of: Timestamp
    value: Annotated[
        Decimal | float | None,
        Meta(description="decimal string for money, number for risk measures, null when missing"),
    ]
    revision: int
    recorded_at: Timestamp


class History(Struct, frozen=True, kw_only=True):
    """A page of history in [from, to) by market time."""

    portfolio_id: PortfolioId
    metric: str
    basis: Basis
    unit: Annotated[str | None, Meta(description="ISO 4217 code, ratio or percent; null without data")]
    data: tuple[HistoryPoint, ...]
    next_cursor: Cursor | None = None
