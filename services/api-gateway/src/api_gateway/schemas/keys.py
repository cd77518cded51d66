"""API keys, sign-in links and sessions."""

from typing import Annotated

from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field

from api_gateway.core.principal import Scope
from api_gateway.schemas.common import Cursor
from contracts import Timestamp

PortfolioName = Annotated[str, Field(min_length=1, max_length=128)]
Scopes = Annotated[tuple[Scope, ...], Meta(description="what it may do; admin may do everything")]
Portfolios = Annotated[
    tuple[str, ...],
    Meta(description="entitled to these and all below them; * means all", examples=[["US-CORE"]]),
]


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,99}$", description="whose it is", examples=["ann"]
    )
    scopes: list[Scope] = Field(min_length=1, max_length=10, description="what it may do")
    portfolios: list[PortfolioName] = Field(
        min_length=1,
        max_length=1000,
        description="entitled to these and all below them; * means all",
        examples=[["US-CORE"]],
    )
    expires_in_days: int = Field(default=90, strict=True, ge=1, le=366)


class ApiKeyInfo(Struct, frozen=True, kw_only=True):
    """What is known of a key; the key itself is not."""

    prefix: Annotated[str, Meta(description="names the key", examples=["5f0c2a91d3e4"])]
    owner: str
    scopes: Scopes
    portfolios: Portfolios
    issued_by: Annotated[str, Meta(description="the credential that made it")]
    created_at: Timestamp
    expires_at: Timestamp
    revoked_at: Timestamp | None


class NewApiKey(Struct, frozen=True, kw_only=True):
    """A new key. It is shown this once: only a hash of it is stored."""

    key: Annotated[str, Meta(description="send it in the header X-API-Key")]
    info: ApiKeyInfo


class ApiKeyList(Struct, frozen=True, kw_only=True):
    """Keys there ever were, the oldest first."""

    data: tuple[ApiKeyInfo, ...]
    next_cursor: Cursor | None


class SigninLink(Struct, frozen=True, kw_only=True):
    """A link that signs a browser in, once."""

    path: Annotated[str, Meta(description="open it at this server", examples=["/signin?token=tl_..."])]
    expires_at: Timestamp


class Session(Struct, frozen=True, kw_only=True):
    """Who the caller is."""

    name: Annotated[str, Meta(description="the person or program", examples=["ann"])]
    kind: Annotated[str, Meta(description="platform, key, session or token")]
    scopes: Scopes
    portfolios: Portfolios
    expires_at: Annotated[Timestamp | None, Meta(description="null for the platform's own key")]
