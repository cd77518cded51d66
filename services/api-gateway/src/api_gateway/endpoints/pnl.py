"""Profit and loss of a day, month to date, year to date."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api_gateway.core import pnl
from api_gateway.core.past import Moment
from api_gateway.core.pnl_conversion import record_in, running_in
from api_gateway.endpoints.currencies import only_base, rate_into
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import CurrencyQuery, KnownAt, PortfolioId, utc, wrong
from api_gateway.endpoints.valued import nothing_stored
from api_gateway.schemas.pnl import Pnl, PnlPeriod
from api_gateway.schemas.times import IsoDate
from api_gateway.state import Gateway, gateway_of, reply, require_known
from contracts import Valuation
from quant import period_dates

router = APIRouter(prefix="/v1/portfolios/{portfolio_id}", tags=["portfolios"])


@router.get("/pnl", operation_id="getPnl", responses=answers(Pnl, 404, 409, 422))
async def get_pnl(
    request: Request,
    portfolio_id: PortfolioId,
    period: Annotated[PnlPeriod, Query(description="one day, month to date, year to date")] = "day",
    date: Annotated[
        IsoDate | None,
        Query(description="last business date of the period; else the running day, else the last frozen one"),
    ] = None,
    currency: CurrencyQuery = None,
    known_at: KnownAt = None,
) -> Response:
    """Profit and loss from frozen days and the running one, with its parts, lines, gainers and losers.

    In another currency everything is at one rate, that of the value at the end of the period. With `known_at`
    there are frozen days only, as they had been told by then.
    """
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    if date is not None and date.weekday() >= 5:
        raise wrong("query.date", f"{date} is a {date:%A}; business dates are Mondays to Fridays")
    stored, known = gateway.repository.pnl, utc(known_at)
    held = gateway.view.valuation(portfolio_id, "last") if known is None else None
    live = None if held is None else await stored.running(held.message, date)
    base = gateway.view.base_currency(portfolio_id)
    if date is None:
        frozen = await stored.last_frozen(portfolio_id, known)
        told = [day for day in (frozen, None if live is None else live.date) if day is not None]
        if not told:
            return reply(pnl.nothing_frozen(portfolio_id, only_base(base, currency), period))
        date = max(told)
    record = await stored.record(portfolio_id, period_dates(period, date)[0], date, known)
    if currency not in (None, base):
        valuation = await _valued(gateway, portfolio_id, Moment(_end_of(date), known), live)
        rate = rate_into(valuation.fx_rates, base, currency or base)
        record, live = record_in(record, rate), None if live is None else running_in(live, rate)
    return reply(pnl.pnl(portfolio_id, currency or base, period, date, record, live))


async def _valued(gateway: Gateway, portfolio_id: str, end: Moment, live: pnl.RunningDay | None) -> Valuation:
    """The value at the end of a period. Raises a 404 problem when none is stored."""
    held = None if live is None else gateway.view.valuation(portfolio_id, "last")
    found = held.message if held is not None else await gateway.repository.past.valuation(portfolio_id, end)
    if found is None:
        raise nothing_stored("value", portfolio_id, end)
    return found


def _end_of(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time.max, dt.UTC)
