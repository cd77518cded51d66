"""Access tokens of an identity provider: JWTs as RFC 9068 profiles them, checked as RFC 8725 advises."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK

from api_gateway.core.principal import SCOPES, Principal, Scope, portfolios_of
from api_gateway.security.signing_keys import SigningKeys

LONGEST = 8192
LEEWAY_S = 30.0
_KEPT = 10_000
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
# A token that brings its own key, or says where to fetch one, asks to be believed.
_REFUSED_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit"})
_REQUIRED = ("exp", "iat", "iss", "aud", "sub", "jti")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are taken, and for whom they must be meant."""

    name: str
    audience: str


class Tokens:
    """Checks tokens; one that was good is not checked again while its key stays and it has not expired."""

    def __init__(self, issuer: Issuer, keys: SigningKeys) -> None:
        self._issuer, self._keys = issuer, keys
        self._good: dict[bytes, Principal] = {}
        self._version = -1

    def find(self, given: bytes, now_s: float) -> Principal | None:
        """Who the token is for; None for one that is wrong in any way."""
        if len(given) > LONGEST:
            return None
        keys = self._keys.newest()
        if self._version != self._keys.version or len(self._good) > _KEPT:
            self._good, self._version = {}, self._keys.version
        name = hashlib.sha256(given).digest()
        principal = self._good.get(name)
        if principal is None:
            principal = self._checked(given, keys)
            if principal is None:
                return None
            self._good[name] = principal
        return principal if now_s < principal.expires_at_s + LEEWAY_S else None

    def _checked(self, given: bytes, keys: Mapping[str, PyJWK]) -> Principal | None:
        try:
            header = jwt.get_unverified_header(given)
            key = keys.get(str(header.get("kid")))
            if key is None:
                self._keys.miss()
                return None
            if header.keys() & _REFUSED_HEADERS or str(header.get("typ")).lower() not in _TYPES:
                return None
            claims = jwt.decode(
                given,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer.name,
                audience=self._issuer.audience,
                leeway=LEEWAY_S,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWTError:
            return None
        return principal_from(claims)


def principal_from(claims: Mapping[str, Any]) -> Principal | None:
    """Who the claims are about: `sub`, `scope` as in OAuth, `portfolios` as a list.

    None when they make no sense. Other scopes than ours are left out; without portfolios nothing is reached.
    """
    scope, portfolios = claims.get("scope", ""), claims.get("portfolios", [])
    names = [claims["sub"], claims["jti"]]
    if not isinstance(scope, str) or not _is_texts(portfolios) or not _is_texts(names):
        return None
    held = set(scope.split())
    scopes: frozenset[Scope] = frozenset(one for one in SCOPES if one in held)
    return Principal(
        name=claims["sub"],
        kind="token",
        credential_id=f"jti:{claims['jti']}",
        scopes=scopes,
        portfolios=portfolios_of(frozenset(portfolios)),
        expires_at_s=float(claims["exp"]),
    )


def _is_texts(value: object) -> bool:
    """Whether it is a list of names: not long, and without a zero byte, which no text of PostgreSQL has."""
    return isinstance(value, list) and all(
        isinstance(one, str) and 0 < len(one) <= 256 and "\0" not in one for one in value
    )
