"""API keys as text and as stored: how they are made, told apart and checked.

A key is `tl_<prefix>_<secret>`. The prefix (48 random bits) finds the stored row; the secret has 256 random
bits. Stored is only HMAC-SHA-256 of the whole key under a pepper that is not in the database, so a stolen
table neither holds a key nor lets one be checked. A slow hash would protect guessable secrets; these are not.

A sign-in link and the session it opens are keys as well: one that is used up by its first use, and one that
travels in a cookie.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from api_gateway.core.principal import Credential, Principal, Scope, portfolios_of

Kind = Literal["key", "link", "session"]
PREFIX_BYTES = 6
_KEY = re.compile(rb"tl_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NO_DIGEST = bytes(32)


class StoredKey(Struct, frozen=True, kw_only=True):
    """A row of ops.api_key. `issued_by` is the credential behind it: revoking that one revokes this one."""

    prefix: str
    key_hash: bytes
    kind: Kind
    owner: str
    scopes: tuple[Scope, ...]
    portfolios: tuple[str, ...]
    issued_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


def new_key() -> str:
    """A key nobody has had."""
    return f"tl_{secrets.token_hex(PREFIX_BYTES)}_{secrets.token_urlsafe(32)}"


def prefix_of(key: bytes) -> str | None:
    """The look-up part of what looks like a key; None for what no key of ours can be."""
    match = _KEY.fullmatch(key)
    return None if match is None else match.group(1).decode()


def digest(pepper: bytes, key: bytes) -> bytes:
    """What is stored of a key."""
    return hmac.digest(pepper, key, "sha256")


class KeyRing:
    """The keys and sessions that are valid now, in memory: a check is a look-up and one HMAC."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._known: Mapping[str, tuple[bytes, Principal]] = {}

    def replace(self, rows: Iterable[StoredKey]) -> None:
        """These and no others are valid from now on."""
        self._known = {row.prefix: (row.key_hash, principal_in(row)) for row in rows if row.kind != "link"}

    def has(self, prefix: str) -> bool:
        """Whether a key that was valid is not revoked yet."""
        return prefix in self._known

    def find(self, given: bytes, kind: Credential, now_s: float) -> Principal | None:
        """Who the key belongs to; None for a wrong, expired or revoked one, or one of another kind."""
        prefix = prefix_of(given)
        if prefix is None:
            return None
        expected, principal = self._known.get(prefix, (_NO_DIGEST, None))
        if not hmac.compare_digest(digest(self._pepper, given), expected) or principal is None:
            return None
        return principal if principal.kind == kind and now_s < principal.expires_at_s else None


def principal_in(row: StoredKey) -> Principal:
    """Who a stored key or session is for."""
    return Principal(
        name=row.owner,
        kind="session" if row.kind == "session" else "key",
        credential_id=row.prefix,
        scopes=frozenset(row.scopes),
        portfolios=portfolios_of(frozenset(row.portfolios)),
        expires_at_s=row.expires_at.timestamp(),
    )
