"""Signing a browser in by a link, who is signed in, and signing out."""

import math
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from api_gateway.core.keys import principal_in
from api_gateway.core.principal import ALL_PORTFOLIOS
from api_gateway.endpoints.documentation import answers, refusals
from api_gateway.problems import ProblemError
from api_gateway.schemas.keys import Session, SigninLink
from api_gateway.security.caller import note_signed_in, principal_of
from api_gateway.security.door import keys_of, security_of
from api_gateway.security.keys import SESSION_LASTS
from api_gateway.security.session_cookie import cookie_name
from api_gateway.state import reply

router = APIRouter(tags=["security"])


@router.post(
    "/v1/signin-links",
    operation_id="createSigninLink",
    status_code=201,
    responses=answers(SigninLink, 403, status=201),
)
async def create_signin_link(request: Request) -> Response:
    """A link that signs a browser in as the caller: for one use, within ten minutes."""
    maker = principal_of(request)
    if maker.kind not in ("platform", "key"):
        raise ProblemError(403, "only a key makes links: run `tapeline link`")
    token, row = await keys_of(request).make_link(maker)
    return reply(SigninLink(path=f"/signin?token={token}", expires_at=row.expires_at), 201)


@router.get(
    "/signin",
    operation_id="signIn",
    status_code=303,
    responses={303: {"description": "signed in: the cookie is set, go to the dashboard"}, **refusals()},
    response_class=Response,
)
async def sign_in(request: Request, token: Annotated[str, Query(max_length=100)]) -> Response:
    """Open a session with a link, once; open to all, the link is the credential."""
    opened = await keys_of(request).sign_in(token)
    if opened is None:
        raise ProblemError(
            401, "this link was used, is too old or is none: run `tapeline link` for a new one"
        )
    session, row = opened
    note_signed_in(request, principal_in(row))
    answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    answer.set_cookie(
        cookie_name(request.scope),
        session,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=security_of(request).https or request.url.scheme == "https",
    )
    return answer


@router.get("/v1/session", operation_id="getSession", responses=answers(Session))
async def get_session(request: Request) -> Response:
    """Who the caller is and what it may do."""
    caller = principal_of(request)
    ends = None if math.isinf(caller.expires_at_s) else datetime.fromtimestamp(caller.expires_at_s, UTC)
    portfolios = (ALL_PORTFOLIOS,) if caller.portfolios is None else tuple(sorted(caller.portfolios))
    return reply(
        Session(
            name=caller.name,
            kind=caller.kind,
            scopes=tuple(sorted(caller.scopes)),
            portfolios=portfolios,
            expires_at=ends,
        )
    )


@router.delete(
    "/v1/session",
    operation_id="signOut",
    status_code=204,
    responses={204: {"description": "the session is over"}, **refusals(409)},
)
async def sign_out(request: Request) -> Response:
    """End the browser session that asks."""
    caller = principal_of(request)
    if caller.kind != "session":
        raise ProblemError(409, "not a browser session: revoke a key with `tapeline keys revoke`")
    await keys_of(request).revoke(caller.credential_id)
    answer = Response(status_code=204)
    answer.delete_cookie(cookie_name(request.scope), httponly=True, samesite="strict")
    return answer
