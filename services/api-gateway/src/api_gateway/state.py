"""What endpoints work with; made once by the composition root."""

from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from fastapi import Request, Response
from msgspec import Struct

from api_gateway.adapters.analyst import Analyst
from api_gateway.adapters.books import BookWriter
from api_gateway.adapters.progress import Progress
from api_gateway.adapters.repository import Repository
from api_gateway.adapters.stream import Stream
from api_gateway.adapters.trades import TradeWriter
from api_gateway.core.reach import EVERYTHING, view_within
from api_gateway.core.view import View
from api_gateway.hot_answers import HotAnswers
from api_gateway.problems import ProblemError, no_portfolio
from api_gateway.security.caller import reach_of
from chassis.clock import Clock
from chassis.health import Health
from contracts.codec import encode

T = TypeVar("T")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Gateway:
    """Memory view, stored facts, the broker's progress, the writing of books and trades, the risk service."""

    view: View
    health: Health
    clock: Clock
    repository: Repository
    progress: Progress
    books: BookWriter
    analyst: Analyst
    trades: TradeWriter
    hot: HotAnswers = field(default_factory=HotAnswers)
    stream: Stream = field(default_factory=Stream)


def gateway_of(request: Request) -> Gateway:
    """The gateway as the caller may see it. Raises a 503 problem until the topics have been read once."""
    gateway: Gateway = request.app.state.gateway
    missing = gateway.health.missing()
    # Live answers need no database; those that do become a 503 by themselves.
    missing.pop("postgres", None)
    if missing:
        waiting = ", ".join(f"{name} ({why})" for name, why in sorted(missing.items()))
        raise ProblemError(503, f"not ready yet, waiting for: {waiting}")
    reach = reach_of(request.scope)
    return gateway if reach is EVERYTHING else replace(gateway, view=view_within(gateway.view, reach))


def require_known(view: View, portfolio_id: str) -> None:
    """Raises a 404 problem for a portfolio that is neither defined nor valued."""
    if not view.is_known(portfolio_id):
        raise no_portfolio(portfolio_id)


def reply(body: Struct | bytes, status: int = 200, *, tag: str | None = None) -> Response:
    """An answer; bytes are sent as they are. `tag` names what it was made from, otherwise it is hashed."""
    headers = None if tag is None else {"ETag": f'"{tag}"'}
    return Response(body if isinstance(body, bytes) else encode(body), status, headers, JSON)


class ListPage(Protocol):
    """A list as it is answered, with the cursor of the next page."""

    @property
    def next_cursor(self) -> str | None: ...


def reply_page(request: Request, page: ListPage) -> Response:
    """A page of a list, with a Link (RFC 8288) to the next one, relative so that it holds behind a proxy."""
    assert isinstance(page, Struct)
    answer = reply(page)
    if page.next_cursor is not None:
        asked = request.url.include_query_params(cursor=page.next_cursor)
        answer.headers["Link"] = f'<?{asked.query}>; rel="next"'
    return answer
