"""Shapes that several answers share."""

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code", examples=["USD"])]
Amount = Annotated[Decimal, Meta(description="exact decimal, never with an exponent", examples=["123.45"])]
PortfolioId = Annotated[str, Meta(description="portfolio", examples=["US-CORE"])]
Symbol = Annotated[str, Meta(description="instrument symbol", examples=["IBM"])]
ValuationId = Annotated[
    str, Meta(description="the valuation that this answer rests on; equal ids fit together")
]
Cursor = Annotated[str, Meta(description="give it back as `cursor` for the next page; null on the last one")]


class Money(Struct, frozen=True, gc=False):
    """An amount in a currency."""

    amount: Amount
    currency: Currency


class FieldError(Struct, frozen=True, kw_only=True, gc=False):
    """One thing that is wrong with a request."""

    pointer: Annotated[str, Meta(description="where", examples=["query.confidence"])]
    detail: Annotated[str, Meta(description="what is wrong and what to do")]


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as RFC 9457 describes it."""

    type: Annotated[str, Meta(description="identifies the kind of problem", examples=["urn:tapeline:x"])]
    title: Annotated[str, Meta(description="the kind of problem for people")]
    status: Annotated[int, Meta(description="HTTP status", examples=[404])]
    detail: Annotated[str, Meta(description="what happened this time and what to do")]
    instance: Annotated[str, Meta(description="the path asked for", examples=["/v1/portfolios/NOPE"])]
    trace_id: Annotated[str, Meta(description="finds the request in the log", pattern="^[0-9a-f]{32}$")]
    errors: Annotated[tuple[FieldError, ...], Meta(description="one entry per wrong field")] = ()
    available: Annotated[
        tuple[dict[str, Any] | str, ...],
        Meta(description="what could be asked for instead"),
    ] = ()
