"""Which of the waiting valuations are worth computing: the newest of each, never an official one less."""

from typing import Generic, TypeVar

from msgspec import Struct

from contracts import Timestamp

Token = TypeVar("Token")


class ValuationHead(Struct, frozen=True, gc=False):
    """The fields of a Valuation that decide what it replaces; reading only these is many times cheaper."""

    portfolio_id: str
    basis: str
    as_of: Timestamp


class Conflator(Generic[Token]):
    """Waiting messages by what they are about.

    A live valuation replaces the waiting live one of its portfolio. An official valuation is a fact of its
    window and replaces only an earlier version of itself. Tokens (whatever acknowledges a message) are never
    dropped.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], bytes] = {}
        self._tokens: list[Token] = []

    def __len__(self) -> int:
        """Messages offered and not taken, replaced ones included."""
        return len(self._tokens)

    def offer(self, head: ValuationHead, value: bytes, token: Token) -> None:
        """Add a message; a waiting one about the same thing is dropped and its token kept."""
        about = "" if head.basis == "last" else head.as_of.isoformat()
        self._waiting.pop((head.portfolio_id, about), None)  # to the end: order is that of arrival
        self._waiting[head.portfolio_id, about] = value
        self._tokens.append(token)

    def take(self) -> tuple[list[bytes], list[Token]]:
        """The messages to compute, oldest first, and the tokens of all offered since the last take."""
        values, tokens = list(self._waiting.values()), self._tokens
        self._waiting, self._tokens = {}, []
        return values, tokens
