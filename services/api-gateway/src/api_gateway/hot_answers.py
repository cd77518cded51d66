"""Answers that may be given again without asking the routes: the same question about the same message.

Routing and checking parameters cost ten times more than the answer of a value or a value at risk itself. The
first request about a message goes the whole way; its answer is kept under the exact path and query, and given
as long as the view still holds that message.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from api_gateway.conditional import has, not_modified, quoted, tagged
from api_gateway.core.reach import Reach
from api_gateway.security.admin_port import came_by_admin_port
from api_gateway.security.caller import caller_of, reach_of
from api_gateway.trace import trace_of

KEPT = 10_000
_NO_BODY: Message = {"type": "http.response.body", "body": b""}
Question = tuple[str, bytes, Reach]
"""Path and query string as they came, and what the caller reaches: who reaches alike is answered alike."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, the message it was made from, and how to find the message that is held now."""

    etag: bytes
    start: Message
    body: Message
    route: object
    made_from: object
    held_now: Callable[[], object]


class HotAnswers:
    """Kept answers by question; all are forgotten when there are too many."""

    def __init__(self) -> None:
        self._answers: dict[Question, Answer] = {}

    def keep(
        self, scope: Scope, body: bytes, tag: str, made_from: object, held_now: Callable[[], object]
    ) -> None:
        """Keep the answer to the question in `scope` for as long as `held_now()` is `made_from`."""
        if len(self._answers) >= KEPT:
            self._answers.clear()
        etag = quoted(tag)
        length = str(len(body)).encode()
        headers = tagged([(b"content-type", b"application/json"), (b"content-length", length)], etag)
        start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": headers}
        self._answers[_question(scope)] = Answer(
            etag, start, {"type": "http.response.body", "body": body}, scope.get("route"), made_from, held_now
        )

    def find(self, scope: Scope) -> Answer | None:
        """The kept answer, unless a newer message has come."""
        answer = self._answers.get(_question(scope))
        if answer is None or answer.held_now() is not answer.made_from:
            return None
        return answer


class HotAnswersMiddleware:
    """Gives kept answers to GET; everything else goes on."""

    def __init__(self, app: ASGIApp, hot: HotAnswers) -> None:
        self._app, self._hot = app, hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._hot.find(scope) if _is_read(scope) else None
        if answer is None:
            # A request is a task of its own, so it needs no unbinding. A kept answer logs nothing.
            bind_contextvars(trace_id=trace_of(scope))
            await self._app(scope, receive, send)
            return
        scope["route"] = answer.route  # metrics name it
        if has(scope, answer.etag):
            await send(not_modified(answer.etag))
            await send(_NO_BODY)
            return
        await send(answer.start)
        await send(answer.body)


def _is_read(scope: Scope) -> bool:
    """Whether the caller may have a kept answer; requests of nobody are about nothing that is kept."""
    if scope["type"] != "http" or scope["method"] != "GET" or came_by_admin_port(scope):
        return False
    caller = caller_of(scope)
    return caller is not None and caller.may("read")


def _question(scope: Scope) -> Question:
    return scope["path"], scope["query_string"], reach_of(scope)
