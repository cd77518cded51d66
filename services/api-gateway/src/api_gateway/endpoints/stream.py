"""Values, risk, limit events and bars as they change."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from api_gateway.adapters.stream import MOST_CLIENTS, MOST_OF_ONE, StreamAnswer
from api_gateway.core.stream import ALL_TOPICS, StreamTopic, Wanted
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import wrong
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import Problem
from api_gateway.security.caller import principal_of
from api_gateway.security.door import reach_now
from api_gateway.state import gateway_of, require_known

router = APIRouter(prefix="/v1", tags=["stream"])

MOST_NAMES = 500
_EXAMPLE = (
    'event: snapshot\ndata: {"reason":"new","events":1}\n\n'
    'id: 5f0c2a91-17\nevent: value\ndata: {"portfolio_id":"US-CORE","basis":"last"}\n\n'
)


def _documented() -> dict[int | str, dict[str, Any]]:
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}
    success = {
        "description": "SSE. `value` and `risk` carry the answers of GET value and GET risk in "
        "base currency, `limit` a LimitEvent, `bar` a Bar; `snapshot`, `resumed`, `removed`, `dropped` are "
        "SnapshotEvent, ResumedEvent, RemovedEvent and DroppedEvent. A comment comes after 15 s of silence.",
        "content": content,
    }
    return {**answers(Problem, 404, 422), 200: success}


@router.get("/stream", operation_id="stream", response_class=Response, responses=_documented())
async def stream(
    request: Request,
    topics: Annotated[
        str, Query(description="comma-separated: " + ", ".join(ALL_TOPICS), max_length=100, examples=["risk"])
    ] = ",".join(ALL_TOPICS),
    portfolio_id: Annotated[
        list[str] | None,
        Query(max_length=MOST_NAMES, description="only these portfolios (values, risk, limits); repeatable"),
    ] = None,
    symbol: Annotated[
        list[str] | None,
        Query(max_length=MOST_NAMES, description="only these instruments (bars); repeatable"),
    ] = None,
    interval_ms: Annotated[
        int, Query(ge=50, le=60_000, description="changes within an interval are conflated to the newest")
    ] = 200,
    last_event_id: Annotated[
        str | None, Header(max_length=64, description="id of the last event you have, to resume behind it")
    ] = None,
) -> Response:
    """First the newest of everything, then what changes: per interval only the newest of each.

    A client that does not read for five seconds is dropped.
    """
    gateway, caller = gateway_of(request), principal_of(request)
    view, clients = gateway.view, gateway.stream.clients
    if clients.total() >= MOST_CLIENTS or clients[caller.credential_id] >= MOST_OF_ONE:
        detail = f"{MOST_OF_ONE} streams per key and {MOST_CLIENTS} in all may be open; try again later"
        raise ProblemError(503, detail)
    for one in portfolio_id or ():
        require_known(view, one)
    for one in symbol or ():
        if one not in view.instruments:
            raise ProblemError(404, f"no instrument {one!r}: GET /v1/instruments lists them")
    asked = Wanted(
        _topics(topics),
        None if portfolio_id is None else frozenset(portfolio_id),
        None if symbol is None else frozenset(symbol),
    )

    def wanted() -> Wanted | None:
        reach = reach_now(request)
        return None if reach is None else asked.within(reach.portfolios)

    return StreamAnswer(
        gateway.stream, view.changes, wanted, interval_ms / 1000, last_event_id, caller.credential_id
    )


def _topics(text: str) -> frozenset[StreamTopic]:
    """Raises a 422 problem for a topic that is none."""
    named = {one.strip() for one in text.split(",")}
    unknown = sorted(named - set(ALL_TOPICS))
    if unknown:
        detail = f"no topic {unknown[0]!r}; there are {', '.join(ALL_TOPICS)}"
        raise wrong("query.topics", detail)
    return frozenset(topic for topic in ALL_TOPICS if topic in named)
