"""What the audit log says about a request."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Result = Literal["done", "denied", "failed"]
LONGEST = 1000
"""Characters kept of a text; strangers choose paths, and a path may be as long as a request line."""
_DENIED = frozenset({401, 403, 429})


class AuditEntry(Struct, frozen=True, kw_only=True):
    """Who did, or was refused, what, and when. Nothing of headers, query or body: no secret can be in it."""

    at: datetime
    principal: str
    credential: str
    method: str
    route: str
    path: str
    portfolio_id: str | None
    status: int
    result: Result
    trace_id: str
    details: dict[str, Any]


def plain(text: str) -> str:
    """A text as PostgreSQL can store it, and no longer than need be.

    It has no zero byte and no half of a surrogate pair; both can come in a path, decoded by the server.
    """
    return text[:LONGEST].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")[:LONGEST]


def result_of(status: int, *, has_limits: bool) -> Result:
    """What became of a request. Whoever does not reach all portfolios is told 404 for those of others."""
    if status in _DENIED or (status == 404 and has_limits):
        return "denied"
    return "done" if status < 400 else "failed"
