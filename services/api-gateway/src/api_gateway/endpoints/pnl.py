"""Profit and loss of a day, month to date, year to date."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.core import pnl
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import PortfolioId, wrong
from api_gateway.schemas.pnl import Pnl, PnlPeriod
from api_gateway.state import gateway_of, reply, require_known
from quant import period_dates

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["portfolios"])


@router.get("/pnl", operation_id="getPnl", responses=answers(Pnl, 404, 422))
async def get_pnl(
    request: Request,
    portfolio_id: PortfolioId,
    period: Annotated[PnlPeriod, Query(description="one day, month to date, year to date")] = "day",
    date: Annotated[
        dt.date | None,
        Query(description="last business date of the period; else the running day, else the last frozen one"),
    ] = None,
) -> Response:
    """Profit and loss from frozen days and the running one, with its parts, lines, gainers and losers."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    if date is not None and date.weekday() >= 5:
        raise wrong("query.date", f"{date} is a {date:%A}; business dates are Mondays to Fridays")
    held = gateway.view.valuation(portfolio_id, "last")
    live = None if held is None else await gateway.repository.pnl.running(held.message, date)
    currency = gateway.view.base_currency(portfolio_id)
    if date is None:
        frozen = await gateway.repository.pnl.last_frozen(portfolio_id)
        known = [day for day in (frozen, None if live is None else live.date) if day is not None]
        if not known:
            return reply(pnl.nothing_frozen(portfolio_id, currency, period))
        date = max(known)
    record = await gateway.repository.pnl.record(portfolio_id, period_dates(period, date)[0], date)
    return reply(pnl.pnl(portfolio_id, currency, period, date, record, live))
