"""From stored numbers to points of a history, in the base currency or another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api_gateway.core.conversion import rate_between
from api_gateway.schemas.history import HistoryPoint
from quant.fx import convert


@dataclass(frozen=True, slots=True)
class Stored:
    """A number at a market time, with the base currency and the rates of the value at that time."""

    as_of: datetime
    value: Decimal | float | None
    revision: int
    recorded_at: datetime
    unit: str
    currency: str | None
    fx_rates: Mapping[str, str] | None


def point(stored: Stored, currency: str | None) -> HistoryPoint:
    """The number as stored; money in `currency` at the rates of its own time, null when none connects it."""
    value = stored.value
    if currency is not None and value is not None and stored.unit == stored.currency:
        value = _converted(stored, value, currency)
    return HistoryPoint(
        as_of=stored.as_of, value=value, revision=stored.revision, recorded_at=stored.recorded_at
    )


def unit_of(points: list[Stored], currency: str | None) -> str | None:
    """The unit of all points; None without any."""
    if not points:
        return None
    first = points[0]
    return currency if currency is not None and first.unit == first.currency else first.unit


def _converted(stored: Stored, value: Decimal | float, currency: str) -> Decimal | float | None:
    rates = {name: Decimal(rate) for name, rate in (stored.fx_rates or {}).items()}
    rate = rate_between(rates, stored.currency or "", currency)
    if rate is None:
        return None
    return convert(value, rate) if isinstance(value, Decimal) else value * float(rate)
