"""Asking for a stress test. Pydantic, so that FastAPI names each wrong field.

Numbers are strict: else `false` would be a shock of nothing, and a text a number.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ShockBody(BaseModel):
    """One shift of prices, or of currencies against the base currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Literal["all", "symbol", "asset_class", "sector", "currency"] = Field(
        default="all", description="what is shifted; an fx shock takes currency or all"
    )
    value: str = Field(default="", max_length=64, description="of the selector", examples=["Financials"])
    size: float = Field(
        strict=True,
        allow_inf_nan=False,
        description="-0.2 is minus 20 %; an amount when absolute",
        examples=[-0.2],
    )
    kind: Literal["relative", "absolute", "log"] = "relative"
    factor: Literal["price", "fx"] = "price"


class StressBody(BaseModel):
    """Shocks that happen together, and a loss to find the moves for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shocks: list[ShockBody] = Field(min_length=1, max_length=100)
    loss: float | None = Field(
        default=None,
        strict=True,
        gt=0,
        allow_inf_nan=False,
        description="reverse stress for this loss, base currency",
    )
