"""When a market is open: shares by the calendar of XNYS, currencies from Sunday to Friday 17:00 New York."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import exchange_calendars  # pyright: ignore[reportMissingTypeStubs]

SessionRule = Literal["always", "exchange"]

NEW_YORK = ZoneInfo("America/New_York")
SHARE_SESSION_S = 23_400  # 6.5 hours
DAY_S = 86_400
HOUR_US = 3_600_000_000


class Sessions(Protocol):
    """Opening hours by asset class."""

    def is_open(self, asset_class: str, ts_us: int) -> bool: ...

    def seconds_per_day(self, asset_class: str) -> int:
        """Seconds over which one day's variance is spread."""
        ...


class AlwaysOpen:
    """Every market trades around the clock."""

    def is_open(self, asset_class: str, ts_us: int) -> bool:
        return True

    def seconds_per_day(self, asset_class: str) -> int:
        return DAY_S


class ExchangeHours:
    """Shares and ETFs in the regular XNYS session, currencies from Sunday 17:00 to Friday 17:00 New York."""

    def is_open(self, asset_class: str, ts_us: int) -> bool:
        if asset_class == "fx":
            # Opening hours are whole hours of New York, so an answer holds for its hour.
            return _currencies_open(ts_us // HOUR_US)
        opened = _share_session_us(datetime.fromtimestamp(ts_us / 1e6, NEW_YORK).date().isoformat())
        return opened is not None and opened[0] <= ts_us < opened[1]

    def seconds_per_day(self, asset_class: str) -> int:
        return DAY_S if asset_class == "fx" else SHARE_SESSION_S


def sessions(rule: SessionRule) -> Sessions:
    return AlwaysOpen() if rule == "always" else ExchangeHours()


@lru_cache(maxsize=1024)
def _currencies_open(hour: int) -> bool:
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(NEW_YORK)
    weekday = local.weekday()
    return weekday < 4 or (weekday == 4 and local.hour < 17) or (weekday == 6 and local.hour >= 17)


@lru_cache(maxsize=64)
def _share_session_us(day: str) -> tuple[int, int] | None:
    """Open and close of the New York session of a date, None when there is none."""
    moment = datetime.fromisoformat(day)
    calendar = exchange_calendars.get_calendar(
        "XNYS", start=moment - timedelta(days=10), end=moment + timedelta(days=10)
    )
    if not calendar.is_session(day):
        return None
    opened, closed = calendar.session_open_close(day)
    return int(opened.timestamp()) * 1_000_000, int(closed.timestamp()) * 1_000_000
