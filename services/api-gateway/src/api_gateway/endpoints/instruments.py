"""Instruments and their bars."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api_gateway.adapters.bars import Revisions
from api_gateway.core.bars import LAST_REVISION, BarKey, behind, merged
from api_gateway.core.pages import page, page_after
from api_gateway.core.past import Moment
from api_gateway.core.view import KEPT_WINDOWS
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    CursorQuery,
    From,
    Limit,
    Past,
    Symbol,
    To,
    cursor_parts,
    cursor_time,
    span,
    wrong,
)
from api_gateway.endpoints.valued import nothing_stored
from api_gateway.problems import ProblemError
from api_gateway.schemas.market import BarList, InstrumentList
from api_gateway.state import Gateway, gateway_of, reply, reply_page
from contracts import Bar, BarStatus, Instrument

router = APIRouter(prefix="/v1/instruments", tags=["instruments"])

WINDOW = timedelta(minutes=5)
Window = tuple[datetime | None, datetime | None]


@router.get("", operation_id="listInstruments", responses=answers(InstrumentList, 422))
async def list_instruments(request: Request, limit: Limit = 500, cursor: CursorQuery = None) -> Response:
    """Instruments by symbol."""
    view = gateway_of(request).view
    cursor_parts(cursor, parts=1)
    ordered = [view.instruments[symbol] for symbol in sorted(view.instruments)]
    shown = page_after(ordered, cursor, limit, lambda one: one.symbol)
    return reply_page(request, InstrumentList(data=shown.items, next_cursor=shown.next_cursor))


@router.get("/{symbol}", operation_id="getInstrument", responses=answers(Instrument, 404))
async def get_instrument(request: Request, symbol: Symbol, past: Past = None) -> Response:
    """One instrument; of the past as it was valid and known then."""
    gateway = gateway_of(request)
    found = _instrument(gateway, symbol)
    if past is None:
        return reply(found)
    stored = await gateway.repository.past.instrument(symbol, past)
    if stored is None:
        raise nothing_stored("version", symbol, past)
    return reply(stored)


@router.get("/{symbol}/bars", operation_id="listBars", responses=answers(BarList, 404, 422))
async def list_bars(
    request: Request,
    symbol: Symbol,
    interval: Annotated[  # noqa: ARG001  there is one so far; asking for another is refused
        Literal["5m"], Query(description="window length; bars are made of five minutes")
    ] = "5m",
    start: From = None,
    end: To = None,
    status: Annotated[BarStatus | None, Query(description="only bars of this status")] = None,
    revisions: Annotated[
        Revisions, Query(description="latest: one bar per window; all: every stored revision")
    ] = "latest",
    past: Past = None,
    limit: Limit = 500,
    cursor: CursorQuery = None,
) -> Response:
    """Bars by window start, oldest first: final ones as stored, newer ones as they form.

    Without `from` and `cursor` these are the last `limit` bars before `to`. Of the past (`as_of`, `known_at`)
    there are stored bars only, those whose window had ended.
    """
    gateway = gateway_of(request)
    _instrument(gateway, symbol)
    wanted = _Wanted(symbol, *_ended(span(start, end), past), revisions, status, past)
    after = _after(cursor, wanted)
    if after is None and wanted.start is None and status in (None, "final"):
        newest = await _newest(gateway, wanted, limit)
        return reply(BarList(data=tuple(newest)))
    found = await _following(gateway, wanted, after, limit + 1)
    shown = page(found, limit, lambda bar: (bar.window_start.isoformat(), str(bar.revision)))
    return reply_page(request, BarList(data=shown.items, next_cursor=shown.next_cursor))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which bars a request is about."""

    symbol: str
    start: datetime | None
    end: datetime | None
    revisions: Revisions
    status: BarStatus | None
    past: Moment | None

    def of_status(self, bars: Iterable[Bar]) -> list[Bar]:
        return [bar for bar in bars if self.status in (None, bar.status)]

    @property
    def all_revisions(self) -> bool:
        return self.revisions == "all"

    @property
    def known_at(self) -> datetime | None:
        return None if self.past is None else self.past.known_at


async def _newest(gateway: Gateway, wanted: _Wanted, limit: int) -> list[Bar]:
    """The last bars before `end`."""
    stored = await gateway.repository.bars.newest(
        wanted.symbol, wanted.end, limit, revisions=wanted.revisions, known_at=wanted.known_at
    )
    return wanted.of_status(_with_memory(gateway, wanted, stored))[-limit:]


async def _following(gateway: Gateway, wanted: _Wanted, after: BarKey | None, limit: int) -> list[Bar]:
    """The first `limit` bars behind `after`."""
    start = wanted.start
    if wanted.status in ("forming", "provisional"):
        # These are in memory only; stored bars are read to know which of them became final meanwhile.
        start = min((bar.window_start for bar in _remembered(gateway, wanted)), default=wanted.end)
        limit = max(limit, KEPT_WINDOWS)
    stored = await gateway.repository.bars.after(
        wanted.symbol,
        (start, wanted.end),
        after,
        limit,
        revisions=wanted.revisions,
        known_at=wanted.known_at,
    )
    return behind(wanted.of_status(_with_memory(gateway, wanted, stored)), after)


def _with_memory(gateway: Gateway, wanted: _Wanted, stored: list[Bar]) -> list[Bar]:
    return merged(stored, _remembered(gateway, wanted), all_revisions=wanted.all_revisions)


def _remembered(gateway: Gateway, wanted: _Wanted) -> Iterable[Bar]:
    if wanted.past is not None:
        return ()
    return gateway.view.bars_between(wanted.symbol, wanted.start, wanted.end)


def _ended(window: Window, past: Moment | None) -> Window:
    """[from, to) of window starts, cut to windows that had ended at the market time asked for."""
    start, end = window
    if past is None or past.as_of is None:
        return window
    behind_last = past.as_of - WINDOW + timedelta.resolution
    return start, behind_last if end is None else min(end, behind_last)


def _after(cursor: str | None, wanted: _Wanted) -> BarKey | None:
    parts = cursor_parts(cursor, parts=2)
    if parts is None:
        return None
    window, revision = parts
    if not wanted.all_revisions:
        return (cursor_time(window), LAST_REVISION)  # a correction made between two pages is not shown twice
    if not revision.isdecimal():
        raise wrong("query.cursor", "a cursor of another list: use next_cursor of the page before")
    return (cursor_time(window), int(revision))


def _instrument(gateway: Gateway, symbol: str) -> Instrument:
    instrument = gateway.view.instruments.get(symbol)
    if instrument is None:
        raise ProblemError(404, f"no instrument {symbol!r}: GET /v1/instruments lists them")
    return instrument
