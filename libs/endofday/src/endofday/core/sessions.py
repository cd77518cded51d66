"""When a business date closes: exchange calendars for prices, 17:00 New York for rates."""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import exchange_calendars  # pyright: ignore[reportMissingTypeStubs]
from exchange_calendars.errors import (  # pyright: ignore[reportMissingTypeStubs]
    InvalidCalendarName,
)

NEW_YORK = ZoneInfo("America/New_York")
FX_CLOSE = dt.time(17, tzinfo=NEW_YORK)
LOOK_BACK = dt.timedelta(days=30)
"""More than the longest holiday of any exchange."""


class Session(NamedTuple):
    """A trading date and the moment it closed; `calendar` is the exchange's, or weekdays."""

    date: dt.date
    close: dt.datetime
    calendar: str


def fx_close(date: dt.date) -> dt.datetime:
    """The end of the FX day: 17:00 New York, in UTC."""
    return dt.datetime.combine(date, FX_CLOSE).astimezone(dt.UTC)


def is_business_date(date: dt.date) -> bool:
    """Monday to Friday; what a holiday means differs from exchange to exchange."""
    return date.weekday() < 5


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


@lru_cache(maxsize=64)
def _calendar(exchange: str | None, year: int) -> exchange_calendars.ExchangeCalendar | None:
    try:
        return exchange_calendars.get_calendar(
            exchange or "", start=dt.date(year, 1, 1) - LOOK_BACK, end=dt.date(year, 12, 31)
        )
    except InvalidCalendarName:
        return None
