"""Who asks, and what they may do."""

import math
from dataclasses import dataclass
from typing import Literal

Scope = Literal["read", "trade", "limits", "metrics", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "trade", "limits", "metrics", "admin")
Credential = Literal["platform", "key", "session", "token"]
ALL_PORTFOLIOS = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller as established from its credential; `portfolios` None means all of them.

    `credential_id` finds the credential again: the prefix of a key, the id of a token.
    """

    name: str
    kind: Credential
    credential_id: str
    scopes: frozenset[Scope]
    portfolios: frozenset[str] | None
    expires_at_s: float = math.inf

    def may(self, scope: Scope) -> bool:
        """Whether the scope is held; admin holds all."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def is_unlimited(self) -> bool:
        """Whether no request of this principal can be refused for who it is."""
        return self.portfolios is None and "admin" in self.scopes


def portfolios_of(named: frozenset[str]) -> frozenset[str] | None:
    """Entitlements as stored: `*` among them means all."""
    return None if ALL_PORTFOLIOS in named else named
