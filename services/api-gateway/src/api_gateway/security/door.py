"""The one door: who asks is established here, before anything is done for a request."""

import math
import time
from dataclasses import dataclass, field

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api_gateway.core.principal import Principal
from api_gateway.core.rate import TokenBuckets
from api_gateway.core.reach import Reach
from api_gateway.problems import ProblemError, answer
from api_gateway.security.audit import SIGN_IN, Audit
from api_gateway.security.caller import Entitlements, introduce, principal_of
from api_gateway.security.file_key import PLATFORM, KeyFile
from api_gateway.security.keys import Keys
from api_gateway.security.same_origin import SAFE_METHODS, is_from_our_pages
from api_gateway.security.session_cookie import session_in
from api_gateway.security.tokens import Tokens

OPEN_PATHS = frozenset({"/healthz", "/readyz", SIGN_IN, "/"})
"""Without a credential: whether we work, signing in, and the page that tells how to."""
OPEN_FILES = "/assets/"
REQUESTS_PER_S, BURST = 100.0, 500
_KEY, _AUTHORIZATION, _COOKIE = b"x-api-key", b"authorization", b"cookie"
_BEARER = b"Bearer "
_STRANGERS = "strangers"


@dataclass(frozen=True, slots=True)
class Security:
    """What the door asks. Keys and audit need a database, tokens an identity provider; without them there is
    the platform's own key.
    """

    key_file: KeyFile
    keys: Keys | None = None
    tokens: Tokens | None = None
    audit: Audit | None = None
    buckets: TokenBuckets = field(default_factory=lambda: TokenBuckets(REQUESTS_PER_S, BURST))
    https: bool = False
    """Whether browsers come by https, also where that ends in front of us."""


class Door:
    """Lets a request in with its principal and reach written into it, or answers 401, 403 or 429."""

    def __init__(self, app: ASGIApp, security: Security, entitlements: Entitlements) -> None:
        self._app, self._security, self._entitlements = app, security, entitlements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (is_open(scope["path"]) and scope["path"] != SIGN_IN):
            await self._app(scope, receive, send)
            return
        is_stranger = scope["path"] == SIGN_IN  # whatever credential is held, the link is what counts
        principal = None if is_stranger else self._identified(scope)
        audit = self._security.audit
        if audit is not None:
            audit.follow(scope, principal)
        try:
            if is_stranger:
                self._take_turn(_STRANGERS)
            else:
                principal = self._admitted(scope, principal)
        except ProblemError as problem:
            if audit is not None:
                audit.insist(scope, principal)
            await answer(scope, problem)(scope, receive, send)
            return
        if principal is not None:
            introduce(scope, principal, self._entitlements.reach(principal))
        await self._app(scope, receive, send)

    def _take_turn(self, name: str) -> None:
        """Raises a 429 problem for who has asked too often."""
        wait_s = self._security.buckets.wait_s(name, time.monotonic())
        if wait_s:
            detail = f"too many requests; the next one is taken in {math.ceil(wait_s)} s"
            raise ProblemError(429, detail, headers={"Retry-After": str(math.ceil(wait_s))})

    def _admitted(self, scope: Scope, principal: Principal | None) -> Principal:
        """The principal, if it may ask now. Raises a 401, 403 or 429 problem."""
        if principal is PLATFORM:
            return PLATFORM
        self._take_turn(_STRANGERS if principal is None else principal.credential_id)
        if principal is None:
            raise ProblemError(401, "send the key of .tapeline/client.json in the header X-API-Key")
        by_cookie = principal.kind == "session" and scope["method"] not in SAFE_METHODS
        if by_cookie and not is_from_our_pages(scope):
            raise ProblemError(403, "a change asked for with a cookie must come from this server's own pages")
        return principal

    def _identified(self, scope: Scope) -> Principal | None:
        """The principal of the first credential there is: key, bearer, cookie."""
        given = {name: value for name, value in scope["headers"] if name in (_KEY, _AUTHORIZATION, _COOKIE)}
        if _KEY in given:
            return self._by_key(given[_KEY])
        if given.get(_AUTHORIZATION, b"").startswith(_BEARER):
            bearer = given[_AUTHORIZATION][len(_BEARER) :]
            return self._by_token(bearer) if bearer.count(b".") == 2 else self._by_key(bearer)
        session = session_in(scope, given.get(_COOKIE, b""))
        if session is None or self._security.keys is None:
            return None
        return self._security.keys.ring.find(session, "session", time.time())

    def _by_token(self, token: bytes) -> Principal | None:
        tokens = self._security.tokens
        return None if tokens is None else tokens.find(token, time.time())

    def _by_key(self, key: bytes) -> Principal | None:
        if self._security.key_file.accepts(key):
            return PLATFORM
        keys = self._security.keys
        return None if keys is None else keys.ring.find(key, "key", time.time())


def is_open(path: str) -> bool:
    """Whether a path is answered to everybody; nothing behind it shows data."""
    return path in OPEN_PATHS or path.startswith(OPEN_FILES)


def security_of(request: Request) -> Security:
    """What the door of the application asks."""
    return request.app.state.security


def keys_of(request: Request) -> Keys:
    """The keys behind a request. Raises a 503 problem for a gateway that has none."""
    security = security_of(request)
    if security.keys is None:
        raise ProblemError(503, "this gateway has no database to keep keys in")
    return security.keys


def reach_now(request: Request) -> Reach | None:
    """What the caller of a long request reaches by now; None when its credential is over."""
    principal, security = principal_of(request), request.app.state.security
    if time.time() >= principal.expires_at_s:
        return None
    if principal.kind in ("key", "session") and not security.keys.ring.has(principal.credential_id):
        return None
    return request.app.state.entitlements.reach(principal)
