"""The business date of the platform: Mondays to Fridays, from one 17:00 New York to the next."""

import datetime as dt
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
FX_CLOSE = dt.time(17, tzinfo=NEW_YORK)


def fx_close(date: dt.date) -> dt.datetime:
    """The end of the FX day: 17:00 New York, in UTC."""
    return dt.datetime.combine(date, FX_CLOSE).astimezone(dt.UTC)


def is_business_date(date: dt.date) -> bool:
    """Monday to Friday; what a holiday means differs from exchange to exchange."""
    return date.weekday() < 5
