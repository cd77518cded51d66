"""When exchanges are open: their calendars, and for what has none the FX day."""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

import exchange_calendars  # pyright: ignore[reportMissingTypeStubs]
from exchange_calendars.errors import (  # pyright: ignore[reportMissingTypeStubs]
    InvalidCalendarName,
)

from endofday.core.fx_day import fx_close, is_business_date
from quant import previous_business_date

LOOK_BACK = dt.timedelta(days=30)
"""More than the longest holiday of any exchange."""


class Session(NamedTuple):
    """A trading date and the moment it closed; `calendar` is the exchange's, or weekdays."""

    date: dt.date
    close: dt.datetime
    calendar: str


@lru_cache(maxsize=64)
def fx_closes(date: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The ends of the business date before and of this one."""
    return fx_close(previous_business_date(date)), fx_close(date)


@lru_cache(maxsize=4096)
def last_session(exchange: str | None, date: dt.date) -> Session:
    """The last session of an exchange (MIC) on or before a date.

    An exchange without a calendar trades Mondays to Fridays until 17:00 New York.
    """
    calendar = _calendar(exchange, date.year)
    if calendar is None:
        while not is_business_date(date):
            date -= dt.timedelta(days=1)
        return Session(date, fx_close(date), "weekdays")
    session = calendar.date_to_session(date.isoformat(), direction="previous")
    closed = calendar.session_close(session).to_pydatetime()
    return Session(session.date(), closed.astimezone(dt.UTC), str(calendar.name))


def session_spans(
    exchange: str | None, first: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Opening and close, in UTC, of every session that overlaps [first, end).

    An exchange without a calendar is open from one 17:00 New York to the next, Mondays to Fridays.
    """
    date, last = first.date() - dt.timedelta(days=1), end.date() + dt.timedelta(days=1)
    found: list[tuple[dt.datetime, dt.datetime]] = []
    while date <= last:
        opened, closed = _span(exchange, date)
        if opened < end and closed > first:
            found.append((opened, closed))
        date += dt.timedelta(days=1)
    return found


@lru_cache(maxsize=4096)
def _span(exchange: str | None, date: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """A session of this date; of no length where there is none."""
    closed = fx_close(date)
    calendar = _calendar(exchange, date.year)
    if calendar is None:
        days = 1 if is_business_date(date) else 0
        return fx_close(date - dt.timedelta(days=days)), closed
    if not calendar.is_session(date.isoformat()):
        return closed, closed
    moments = calendar.session_open(date.isoformat()), calendar.session_close(date.isoformat())
    opened, closed = (moment.to_pydatetime().astimezone(dt.UTC) for moment in moments)
    return opened, closed


@lru_cache(maxsize=64)
def _calendar(exchange: str | None, year: int) -> exchange_calendars.ExchangeCalendar | None:
    try:
        return exchange_calendars.get_calendar(
            exchange or "", start=dt.date(year, 1, 1) - LOOK_BACK, end=dt.date(year, 12, 31)
        )
    except InvalidCalendarName:
        return None
