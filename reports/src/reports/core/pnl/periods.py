"""From the days of one portfolio to the profit and performance of a period."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from quant import (
    ExtremeDays,
    FrozenDay,
    Missing,
    business_dates,
    extreme_days,
    latest_volatility,
    max_drawdown,
    period_dates,
    period_pnl,
    previous_business_date,
    time_weighted_return,
)
from quant.arrays import Floats
from quant.money import sum_money
from quant.result import Result
from reports.core.pnl.rows import BookDay
from reports.core.pnl.shapes import DayTotal, Fall, Parts, Period, PeriodName
from reports.core.reasons import unavailable

VOLATILITY_DAYS = 20


@dataclass(frozen=True, slots=True)
class Record:
    """The stored days of a portfolio, and which dates an end of day has covered or lie before it held."""

    stored: Mapping[dt.date, BookDay]
    frozen: frozenset[dt.date]
    first_held: dt.date | None

    def days(self, wanted: Sequence[dt.date]) -> dict[dt.date, FrozenDay]:
        """Frozen days; one without a line, or before anything was held, brought nothing."""
        found: dict[dt.date, FrozenDay] = {}
        for date in wanted:
            day = self.stored.get(date)
            if day is not None:
                found[date] = FrozenDay(day.total, day.opening_value)
            elif date in self.frozen or self.first_held is None or date < self.first_held:
                found[date] = FrozenDay(Decimal(0), Decimal(0))
        return found

    def unknown(self, wanted: Sequence[dt.date]) -> list[dt.date]:
        """Dates on which some position is not known."""
        return [date for date in wanted if date in self.stored and self.stored[date].unknown]


def period(record: Record, name: PeriodName, date: dt.date) -> Period:
    """A period that ends with the date."""
    wanted = period_dates(name, date)
    days, doubtful = record.days(wanted), record.unknown(wanted)
    stored = [record.stored[day] for day in wanted if day in record.stored]
    total = _total(days, wanted, stored)
    returned = _whole(doubtful) or time_weighted_return(days, wanted)
    fall = _drawdown(record, wanted)
    # A day that is known in part is neither best nor worst.
    whole = {day: found for day, found in days.items() if day not in doubtful}
    extremes = extreme_days(whole)
    missing = tuple(day for day in wanted if day not in days)
    return Period(
        name=name,
        since=previous_business_date(wanted[0]),
        parts=None if isinstance(total, Missing) else _parts(stored),
        parts_unavailable=unavailable(total),
        realized=None if isinstance(total, Missing) else _realized(stored),
        opening_value=whole[wanted[0]].opening_value if wanted[0] in whole else None,
        time_weighted_return=None if isinstance(returned, Missing) else returned,
        return_unavailable=unavailable(returned),
        drawdown=None if isinstance(fall, Missing) else fall,
        drawdown_unavailable=unavailable(fall),
        best_day=_extreme(extremes, "best"),
        worst_day=_extreme(extremes, "worst"),
        days=len(wanted),
        missing_days=missing,
        unknown=sum(day.unknown for day in stored),
        complete=not missing and not doubtful,
    )


def volatility(record: Record, date: dt.date) -> Result[float]:
    """Of the daily time-weighted returns of the last 20 business dates, a ratio per year."""
    wanted = volatility_dates(date)
    if record.first_held is None or wanted[0] < record.first_held:
        # Days before anything was held are no calm ones.
        return Missing("too_few_scenarios", f"nothing held on {wanted[0]}; it needs {VOLATILITY_DAYS} days")
    values = _index(record, wanted)
    return values if isinstance(values, Missing) else latest_volatility(values, VOLATILITY_DAYS)


def volatility_dates(date: dt.date) -> list[dt.date]:
    """The business dates behind the volatility: 20 returns make 21 values."""
    return business_dates(date - dt.timedelta(days=2 * VOLATILITY_DAYS), date)[-VOLATILITY_DAYS:]


def _total(
    days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date], stored: Sequence[BookDay]
) -> Result[Decimal]:
    if any(day.unknown for day in stored) and not any(day.known for day in stored):
        return Missing("unpriced", "no position of the period is priced at both of its closes")
    return period_pnl(days, wanted)


def _whole(doubtful: Sequence[dt.date]) -> Missing | None:
    if not doubtful:
        return None
    return Missing("unpriced", f"not every position is known on {doubtful[0]}, a return needs all")


def _index(record: Record, wanted: Sequence[dt.date]) -> Result[Floats]:
    """Value of 1 invested at the close before the first date, at each close."""
    days, doubtful = record.days(wanted), _whole(record.unknown(wanted))
    if doubtful is not None:
        return doubtful
    values = [1.0]
    for count in range(len(wanted)):
        grown = time_weighted_return(days, wanted[count : count + 1])
        if isinstance(grown, Missing):
            return grown
        values.append(values[-1] * (1.0 + float(grown)))
    return np.array(values)


def _drawdown(record: Record, wanted: Sequence[dt.date]) -> Result[Fall]:
    values = _index(record, wanted)
    found = values if isinstance(values, Missing) else max_drawdown(values)
    if isinstance(found, Missing):
        return found
    closes = [previous_business_date(wanted[0]), *wanted]
    peak, trough = (None if row is None else closes[row] for row in (found.peak, found.trough))
    return Fall(value=found.value, peak=peak, trough=trough)


def _parts(stored: Sequence[BookDay]) -> Parts:
    names = ("price", "fx", "trading", "income", "fees", "total")
    return Parts(**{name: sum_money(getattr(day, name) for day in stored) for name in names})


def _realized(stored: Sequence[BookDay]) -> Decimal | None:
    known = [day.realized for day in stored if day.realized is not None]
    return sum_money(known) if len(known) == len(stored) else None


def _extreme(found: Result[ExtremeDays], which: str) -> DayTotal | None:
    if isinstance(found, Missing):
        return None
    return DayTotal(date=getattr(found, which), total=getattr(found, f"{which}_pnl"))
