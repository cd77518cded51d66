"""Market time as an integer (microseconds since 1970-01-01 UTC) and as a datetime."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000


def to_us(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def from_us(ts_us: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970-01-01."""
    return EPOCH + timedelta(microseconds=ts_us)


def to_text(ts_us: int) -> str:
    """RFC 3339 in UTC with `Z`, as used inside ids."""
    return from_us(ts_us).isoformat().replace("+00:00", "Z")
