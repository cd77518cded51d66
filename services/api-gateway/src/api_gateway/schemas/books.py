"""Writing positions. Request bodies are pydantic models, so that FastAPI names each wrong field."""

from decimal import Decimal
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from api_gateway.schemas.common import PortfolioId
from api_gateway.schemas.times import IsoDate, Rfc3339
from contracts import Timestamp

ExactDecimal = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=30, decimal_places=12)]


class PositionIn(BaseModel):
    """A position to hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str = Field(min_length=1, max_length=64, examples=["IBM"])
    quantity: ExactDecimal = Field(
        description="signed units, not 0; leave a position out to close it", examples=["100"]
    )
    average_cost: ExactDecimal = Field(ge=0, description="per unit, in currency", examples=["181.20"])
    currency: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    cost_fx_rate: ExactDecimal | None = Field(
        default=None, gt=0, description="base currency per unit of currency when taken", examples=["0.75"]
    )


class BookIn(BaseModel):
    """The whole book from as_of on: what is not named is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: Rfc3339 | IsoDate = Field(
        description="market time from which this book is held; a date means its start in UTC",
        examples=["2013-10-07"],
    )
    positions: list[PositionIn] = Field(max_length=10_000)


class BookAccepted(Struct, frozen=True, kw_only=True):
    """The book is on its way; values follow within a second."""

    portfolio_id: PortfolioId
    as_of: Timestamp
    recorded_at: Timestamp
    held: tuple[str, ...]
    closed: tuple[str, ...]
