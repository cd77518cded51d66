"""Event times as microseconds since 1970-01-01 UTC."""

import re
from datetime import UTC, datetime, timedelta

from tick_ingestor.core.rejection import Rejection, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_SECOND = re.compile(r":59:60(?=[.,+\-Zz]|$)")


def timestamp_us(text: str) -> int | Rejection:
    """Microseconds of an ISO 8601 (so also RFC 3339) time with a zone; finer digits are cut off."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _unusual_timestamp_us(text)
    if moment.tzinfo is None:
        return Rejection("time_without_zone", f"ts_event {shown(text)} has no zone; end it with Z or +hh:mm")
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _unusual_timestamp_us(text: str) -> int | Rejection:
    """Lower-case letters, and the leap second, which counts as the first second after it (as in POSIX)."""
    usual, leaps = _LEAP_SECOND.subn(":59:59", text.upper())
    try:
        moment = datetime.fromisoformat(usual)
    except ValueError:
        return Rejection("wrong_type", f"ts_event {shown(text)} is not a time such as 2025-09-24T14:32:10Z")
    if moment.tzinfo is None:
        return Rejection("time_without_zone", f"ts_event {shown(text)} has no zone; end it with Z or +hh:mm")
    return (moment - EPOCH + timedelta(seconds=leaps)) // timedelta(microseconds=1)
