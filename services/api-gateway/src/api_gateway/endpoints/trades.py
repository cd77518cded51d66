"""Trades of a portfolio: booking them, and the list of what was booked."""

from datetime import datetime
from typing import Annotated

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Header, Request, Response

from api_gateway.core.pages import page
from api_gateway.core.past import NOW
from api_gateway.core.trades import KeyReused, to_trades, wrong_fields
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    CursorQuery,
    Limit,
    Past,
    PortfolioId,
    cursor_parts,
    cursor_time,
    wrong,
)
from api_gateway.problems import ProblemError
from api_gateway.schemas.trades import TradeList, TradesBooked, TradesIn
from api_gateway.state import gateway_of, reply, reply_page, require_known

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}/trades", tags=["portfolios"])

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="names this request: sent again with the same key and body it books nothing twice",
    ),
]


@router.post(
    "",
    operation_id="postTrades",
    status_code=201,
    responses={
        **answers(TradesBooked, 404, 422, status=201),
        200: {"description": "booked before by the same request; the same answer again"},
    },
)
async def post_trades(
    request: Request, portfolio_id: PortfolioId, body: TradesIn, idempotency_key: IdempotencyKey
) -> Response:
    """Book one trade or a list. A correction is another trade: nothing that was booked is changed."""
    gateway = gateway_of(request)
    if portfolio_id not in gateway.view.portfolios:
        raise ProblemError(404, f"no portfolio {portfolio_id!r}: GET /v1/portfolios lists them")
    asked = body if isinstance(body, list) else [body]
    errors = wrong_fields(asked, gateway.view.instruments)
    if errors:
        raise ProblemError(422, f"{len(errors)} wrong fields, nothing was booked", errors=errors)
    wanted = to_trades(portfolio_id, idempotency_key, asked, gateway.clock.now())
    try:
        before = await gateway.trades.book(portfolio_id, idempotency_key, wanted)
    except KeyReused as error:
        raise ProblemError(422, f"{error}; nothing was booked", kind="idempotency-key-reused") from error
    except (KafkaError, TimeoutError) as error:
        detail = "the broker did not acknowledge it; send the same request with the same key again"
        raise ProblemError(503, detail) from error
    booked = TradesBooked(portfolio_id=portfolio_id, data=before or wanted)
    return reply(booked, 200 if before else 201)


@router.get("", operation_id="listTrades", responses=answers(TradeList, 404, 422))
async def list_trades(
    request: Request,
    portfolio_id: PortfolioId,
    past: Past = None,
    limit: Limit = 100,
    cursor: CursorQuery = None,
) -> Response:
    """Stored trades, newest first. What was booked a moment ago may not be stored yet.

    Of the past: those executed by `as_of`, as they were known at `known_at`.
    """
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    found = await gateway.repository.newest_trades(portfolio_id, _before(cursor), limit + 1, past or NOW)
    shown = page(found, limit, lambda one: (one.executed_at.isoformat(), str(one.seq), one.trade_id))
    return reply_page(
        request, TradeList(portfolio_id=portfolio_id, data=shown.items, next_cursor=shown.next_cursor)
    )


def _before(cursor: str | None) -> tuple[datetime, int, str] | None:
    parts = cursor_parts(cursor, parts=3)
    if parts is None:
        return None
    moment, seq, name = parts
    if not seq.isdecimal():
        raise wrong("query.cursor", "a cursor of another list: use next_cursor of the page before")
    return cursor_time(moment), int(seq), name
