"""Asking what trades would do."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from api_gateway.schemas.books import ExactDecimal
from contracts import Basis

TRADES_MAX = 1000


class SupposedTradeIn(BaseModel):
    """One trade that is only supposed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str = Field(min_length=1, max_length=64, examples=["IBM"])
    quantity: ExactDecimal = Field(description="signed units, bought above 0", examples=["-50"])
    price: ExactDecimal | None = Field(
        default=None, gt=0, description="per unit, in the instrument's currency; else the present mark"
    )
    fee: ExactDecimal = Field(default=Decimal(0), ge=0, description="in the instrument's currency")


class WhatIfIn(BaseModel):
    """A portfolio and trades, done one after the other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    portfolio_id: str = Field(min_length=1, max_length=128, examples=["US-CORE"])
    trades: list[SupposedTradeIn] = Field(min_length=1, max_length=TRADES_MAX)
    basis: Basis | None = Field(
        default=None, description="last: live; bar: official; without it live, else official"
    )
