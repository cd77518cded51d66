"""Profit and loss in another currency: every amount of every line once, so that parts still add up."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from api_gateway.core.pnl import Record, RunningDay, StoredPnl
from quant.fx import convert

AMOUNTS = (
    "price",
    "fx",
    "trading",
    "income",
    "fees",
    "opening_value",
    "closing_value",
    "flow",
    "realized",
)


def record_in(record: Record, rate: Decimal) -> Record:
    """Stored days times `rate`, units of the currency asked for per unit of base currency."""
    return Record(_rows(record.rows, rate), record.frozen, record.first_held)


def running_in(day: RunningDay, rate: Decimal) -> RunningDay:
    """The same for the day that is not over."""
    return RunningDay(day.date, _rows(day.rows, rate))


def _rows(rows: Iterable[StoredPnl], rate: Decimal) -> tuple[StoredPnl, ...]:
    return tuple(replace(row, **{name: _times(getattr(row, name), rate) for name in AMOUNTS}) for row in rows)


def _times(amount: Decimal | None, rate: Decimal) -> Decimal | None:
    return None if amount is None else convert(amount, rate)
