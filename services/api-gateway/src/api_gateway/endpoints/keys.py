"""API keys: made, listed, revoked, at the administrative port. A session cannot make what outlives it."""

from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from api_gateway.core.keys import StoredKey
from api_gateway.endpoints.documentation import answers
from api_gateway.problems import ProblemError
from api_gateway.schemas.keys import ApiKeyInfo, ApiKeyList, KeyIn, NewApiKey
from api_gateway.security.caller import principal_of
from api_gateway.security.door import keys_of
from api_gateway.state import reply

router = APIRouter(prefix="/v1/keys", tags=["security"])

Prefix = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="from the list of keys")]


@router.post("", operation_id="createKey", status_code=201, responses=answers(NewApiKey, 404, status=201))
async def create_key(request: Request, asked: KeyIn) -> Response:
    """Make a key, at the administrative port. The answer is the only place where it is ever shown."""
    maker = principal_of(request)
    if maker.kind not in ("platform", "key"):
        raise ProblemError(403, "only a key makes keys: run `tapeline keys create`")
    text, row = await keys_of(request).create(
        asked.owner,
        tuple(sorted(set(asked.scopes))),
        tuple(sorted(set(asked.portfolios))),
        timedelta(days=asked.expires_in_days),
        maker,
    )
    return reply(NewApiKey(key=text, info=_info(row)), 201)


@router.get("", operation_id="listKeys", responses=answers(ApiKeyList, 404))
async def list_keys(request: Request) -> Response:
    """Every key: whose, what for, until when, and whether it was revoked; at the administrative port."""
    return reply(ApiKeyList(data=tuple(_info(row) for row in await keys_of(request).listed())))


@router.delete("/{prefix}", operation_id="revokeKey", responses=answers(ApiKeyInfo, 404))
async def revoke_key(request: Request, prefix: Prefix) -> Response:
    """Revoke a key, and the sessions opened with it, at once; other gateways follow within ten seconds.

    Asked at the administrative port.
    """
    revoked = await keys_of(request).revoke(prefix)
    if revoked is None:
        raise ProblemError(404, f"no key {prefix}: GET /v1/keys lists them")
    return reply(_info(revoked))


def _info(row: StoredKey) -> ApiKeyInfo:
    return msgspec.convert(row, ApiKeyInfo, from_attributes=True)
