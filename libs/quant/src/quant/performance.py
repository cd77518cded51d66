"""What a period earned: sums and time-weighted returns of frozen days, and the business dates they need."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from quant.money import EXACT, round_rate, sum_money
from quant.result import Missing, Result

ONE = Decimal(1)
Period: TypeAlias = Literal["day", "mtd", "ytd"]


@dataclass(frozen=True, slots=True)
class FrozenDay:
    """Profit of a book on one business date, and its opening value: NAV plus the flows at its start."""

    pnl: Decimal
    opening_value: Decimal


@dataclass(frozen=True, slots=True)
class ExtremeDays:
    """The best and the worst day of a period with their profits; of equal ones the earliest."""

    best: dt.date
    best_pnl: Decimal
    worst: dt.date
    worst_pnl: Decimal


def business_dates(first: dt.date, last: dt.date) -> list[dt.date]:
    """Mondays to Fridays from first to last, both included; none when last is before first."""
    days = (first + dt.timedelta(days=count) for count in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def previous_business_date(date: dt.date) -> dt.date:
    """The Monday to Friday before a date."""
    return date - dt.timedelta(days={0: 3, 6: 2}.get(date.weekday(), 1))


def period_dates(period: Period, date: dt.date) -> list[dt.date]:
    """The business dates whose days make up a period that ends with `date`, oldest first.

    Month to date begins after the last business close of the previous month, so with the first business date
    of the month; year to date likewise. A day is its own period.
    """
    first = {"day": date, "mtd": date.replace(day=1), "ytd": date.replace(month=1, day=1)}[period]
    return business_dates(first, date)


def period_pnl(days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date]) -> Result[Decimal]:
    """Profit of a period: the sum of its frozen days, which is not value now minus value then.

    Inputs: frozen days by date, and the dates that make up the period (see `period_dates`).
    Output: base currency, gains positive. No date: 0.
    Errors: Missing("missing_day") names the first date that is not frozen and counts them; it is not skipped.
    """
    missing = _missing(days, wanted)
    return missing or sum_money(days[date].pnl for date in wanted)


def time_weighted_return(days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date]) -> Result[Decimal]:
    """Return of a period whatever flowed in or out: product of (1 + r_d) - 1, a ratio, 18 places.

    Formula: r_d = P&L_d / (opening NAV + flows at the start of the day); money that fills move during the day
    counts from the next day on.
    Inputs as in `period_pnl`.
    Errors: Missing("missing_day") names the date; Missing("not_positive_value") names the first date whose
    opening value is at or below zero, except where nothing was held and nothing earned (return 0);
    Missing("flat_book") when no date is asked for.
    Source: GIPS, time-weighted return with daily valuation.
    """
    missing = _missing(days, wanted)
    if missing is not None:
        return missing
    if not wanted:
        return Missing("flat_book", "the period has no day yet")
    growth = ONE
    for date in wanted:
        day = days[date]
        if day.opening_value == 0 and day.pnl == 0:
            continue
        if day.opening_value <= 0:
            return Missing("not_positive_value", f"the opening value of {date} is {day.opening_value}")
        step = EXACT.add(ONE, EXACT.divide(day.pnl, day.opening_value))
        growth = EXACT.multiply(growth, step)
    return round_rate(EXACT.subtract(growth, ONE))


def extreme_days(days: Mapping[dt.date, FrozenDay]) -> Result[ExtremeDays]:
    """The best and the worst day. Missing("flat_book") when there is no day."""
    if not days:
        return Missing("flat_book", "no day is frozen")
    ordered = sorted(days)
    best = max(ordered, key=lambda date: days[date].pnl)
    worst = min(ordered, key=lambda date: days[date].pnl)
    return ExtremeDays(best, days[best].pnl, worst, days[worst].pnl)


def _missing(days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date]) -> Missing | None:
    lacking = [date for date in wanted if date not in days]
    if not lacking:
        return None
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return Missing("missing_day", f"{min(lacking)}{more} not frozen: run the end of day of that date")
