"""API keys: made, listed, revoked, at the administrative port. A session cannot make what outlives it."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from api_gateway.core.delegation import hands_on, refusal
from api_gateway.core.keys import StoredKey
from api_gateway.core.pages import page
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import CursorQuery, Limit, cursor_parts, cursor_time
from api_gateway.problems import ProblemError
from api_gateway.schemas.keys import ApiKeyInfo, ApiKeyList, KeyIn, NewApiKey
from api_gateway.security.caller import principal_of, reach_of
from api_gateway.security.door import keys_of
from api_gateway.state import reply, reply_page

router = APIRouter(prefix="/v1/keys", tags=["security"])

Prefix = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="from the list of keys")]


@router.post("", operation_id="createKey", status_code=201, responses=answers(NewApiKey, 404, status=201))
async def create_key(request: Request, asked: KeyIn) -> Response:
    """Make a key that may do no more than the one that asks, at the administrative port.

    The answer is the only place where it is ever shown.
    """
    maker = principal_of(request)
    if maker.kind not in ("platform", "key"):
        raise ProblemError(403, "only a key makes keys: run `tapeline keys create`")
    scopes, portfolios = tuple(sorted(set(asked.scopes))), tuple(sorted(set(asked.portfolios)))
    refused = refusal(maker, reach_of(request.scope), scopes, portfolios)
    if refused is not None:
        raise ProblemError(403, refused)
    lasts = timedelta(days=asked.expires_in_days)
    text, row = await keys_of(request).create(asked.owner, scopes, portfolios, lasts, maker)
    return reply(NewApiKey(key=text, info=_info(row)), 201)


@router.get("", operation_id="listKeys", responses=answers(ApiKeyList, 404))
async def list_keys(request: Request, limit: Limit = 500, cursor: CursorQuery = None) -> Response:
    """Keys within reach: whose, what for, until when, and whether revoked; at the administrative port."""
    rows = await keys_of(request).listed(_after(cursor), limit + 1, reach_of(request.scope).portfolios)
    shown = page(rows, limit, lambda row: (row.created_at.isoformat(), row.prefix))
    return reply_page(request, ApiKeyList(data=tuple(map(_info, shown.items)), next_cursor=shown.next_cursor))


@router.delete("/{prefix}", operation_id="revokeKey", responses=answers(ApiKeyInfo, 404))
async def revoke_key(request: Request, prefix: Prefix) -> Response:
    """Revoke a key, and the keys and sessions made with it, at once; at the administrative port.

    Other gateways follow within ten seconds.
    """
    keys, reach = keys_of(request), reach_of(request.scope)
    known = await keys.found(prefix)
    if known is None or not all(hands_on(reach, name) for name in known.portfolios):
        raise ProblemError(404, f"no key {prefix}: GET /v1/keys lists them")
    revoked = await keys.revoke(prefix)
    return reply(_info(revoked or known))


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    parts = cursor_parts(cursor, parts=2)
    return None if parts is None else (cursor_time(parts[0]), parts[1])


def _info(row: StoredKey) -> ApiKeyInfo:
    return msgspec.convert(row, ApiKeyInfo, from_attributes=True)
