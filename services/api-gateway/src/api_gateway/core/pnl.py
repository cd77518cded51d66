"""From frozen days, and the running one, to the profit and loss of a period."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec import Struct

from api_gateway.schemas.common import Money
from api_gateway.schemas.pnl import (
    Pnl,
    PnlCoverage,
    PnlDay,
    PnlLine,
    PnlMover,
    PnlParts,
    PnlPeriod,
    UnknownPnl,
)
from contracts import Valuation
from quant import (
    DayPnl,
    ExtremeDays,
    FrozenDay,
    Missing,
    extreme_days,
    period_dates,
    period_pnl,
    previous_business_date,
    sum_days,
    time_weighted_return,
    top_movers,
)
from quant.money import ZERO, plain, sum_money
from quant.result import Result

MOVERS = 5


class StoredPnl(Struct, frozen=True, kw_only=True):
    """A row of ops.pnl_daily, or a line of the running day: all amounts, or a reason."""

    symbol: str
    date: dt.date
    price: Decimal | None = None
    fx: Decimal | None = None
    trading: Decimal | None = None
    income: Decimal | None = None
    fees: Decimal | None = None
    opening_value: Decimal | None = None
    closing_value: Decimal | None = None
    flow: Decimal | None = None
    realized: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a portfolio: rows of the dates asked for, dates an end of day has covered, and the
    date of its first position or fill (None: it never held anything).
    """

    rows: Sequence[StoredPnl]
    frozen: frozenset[dt.date]
    first_held: dt.date | None


@dataclass(frozen=True, slots=True)
class RunningDay:
    """The business date that is not over, and its lines."""

    date: dt.date
    rows: tuple[StoredPnl, ...]


def pnl(
    portfolio_id: str,
    currency: str,
    period: PnlPeriod,
    date: dt.date,
    record: Record,
    live: RunningDay | None,
) -> Pnl:
    """The answer for a period that ends with `date`; the running day is used where it is not frozen."""
    running = live is not None and live.date == date and date not in record.frozen
    rows = [row for row in record.rows if not (running and row.date == date)]
    rows += live.rows if running and live is not None else ()
    wanted = period_dates(period, date)
    known = [(row, day) for row in rows if row.date in set(wanted) and (day := _day(row)) is not None]
    unknown = [row for row in rows if row.date in set(wanted) and row.reason is not None]
    covered = record.frozen | {row.date for row in rows}
    days = _days(wanted, known, covered, record.first_held)
    total = _total(days, wanted, known, unknown)
    returned = _return(days, wanted, unknown)
    doubtful = {row.date for row in unknown}  # a day that is known in part is neither best nor worst
    whole = {date: day for date, day in days.items() if date not in doubtful}
    best = extreme_days({day: whole[day] for day in wanted if day in whole})
    totals = _totals(known)
    gainers, losers = top_movers(totals, MOVERS)
    missing = tuple(day for day in wanted if day not in days)
    parts = None if isinstance(total, Missing) else sum_days([day for _, day in known])
    return Pnl(
        portfolio_id=portfolio_id,
        period=period,
        since=previous_business_date(wanted[0]) if wanted else None,
        date=date,
        live=running,
        last_frozen=max(record.frozen, default=None),
        currency=currency,
        parts=None if parts is None else _parts(parts, currency),
        realized=None if parts is None else _money(_realized(row for row, _ in known), currency),
        opening_value=_money(_opening(wanted, whole), currency),
        reason=_reason(total),
        message=_message(total),
        time_weighted_return=None if isinstance(returned, Missing) else returned,
        return_reason=_reason(returned),
        return_message=_message(returned),
        best_day=_extreme(best, "best", currency),
        worst_day=_extreme(best, "worst", currency),
        gainers=tuple(PnlMover(symbol=name, total=Money(plain(one), currency)) for name, one in gainers),
        losers=tuple(PnlMover(symbol=name, total=Money(plain(one), currency)) for name, one in losers),
        lines=_lines(known, unknown, currency),
        coverage=PnlCoverage(
            days=len(wanted),
            missing_days=missing,
            unknown=tuple(
                UnknownPnl(symbol=row.symbol, date=row.date, reason=row.reason or "unpriced")
                for row in sorted(unknown, key=lambda row: (row.date, row.symbol))
            ),
            complete=not missing and not unknown,
        ),
    )


def told_lines(valuation: Valuation, date: dt.date) -> tuple[StoredPnl, ...] | None:
    """The lines of the running day as the live value tells them.

    None unless every position is known and they make up the whole: why one is not known, and what was closed
    during the day, is not in the message.
    """
    day = valuation.daily_pnl
    if day is None or day.unknown or day.since != previous_business_date(date).isoformat():
        return None
    lines = tuple(
        StoredPnl(
            symbol=line.symbol,
            date=date,
            price=told.price,
            fx=told.fx,
            trading=told.trading,
            income=told.income,
            fees=told.fees,
            opening_value=told.opening_value,
            closing_value=line.market_value_base,
            realized=told.realized,
        )
        for line in valuation.positions
        if (told := line.daily_pnl) is not None
    )
    whole = all(
        sum_money(getattr(line, name) or ZERO for line in lines) == getattr(day, name)
        for name in ("opening_value", "price", "fx", "trading", "income", "fees")
    )
    return lines if whole else None


def nothing_frozen(portfolio_id: str, currency: str, period: PnlPeriod) -> Pnl:
    """The answer before the first end of day and without a running day."""
    message = "no day is frozen yet: run the end of day"
    return Pnl(
        portfolio_id=portfolio_id,
        period=period,
        since=None,
        date=None,
        live=False,
        last_frozen=None,
        currency=currency,
        parts=None,
        realized=None,
        opening_value=None,
        reason="missing_day",
        message=message,
        time_weighted_return=None,
        return_reason="missing_day",
        return_message=message,
        best_day=None,
        worst_day=None,
        gainers=(),
        losers=(),
        lines=(),
        coverage=PnlCoverage(days=0, missing_days=(), unknown=(), complete=False),
    )


def _day(row: StoredPnl) -> DayPnl | None:
    if row.reason is not None:
        return None
    return DayPnl(
        price=row.price or ZERO,
        fx=row.fx or ZERO,
        trading=row.trading or ZERO,
        income=row.income or ZERO,
        fees=row.fees or ZERO,
        opening_value=row.opening_value or ZERO,
        closing_value=row.closing_value or ZERO,
        flow=row.flow or ZERO,
        closing_quantity=ZERO,
    )


Known = Sequence[tuple[StoredPnl, DayPnl]]


def _days(
    wanted: Iterable[dt.date], known: Known, covered: Iterable[dt.date], first_held: dt.date | None
) -> dict[dt.date, FrozenDay]:
    """Days with an end of day, and those before anything was held, which brought nothing."""
    dates = set(covered)
    dates.update(day for day in wanted if first_held is None or day < first_held)
    by_date: dict[dt.date, list[DayPnl]] = {date: [] for date in dates}
    for row, day in known:
        by_date[row.date].append(day)
    return {
        date: FrozenDay(sum_money(day.total for day in found), sum_money(day.opening_value for day in found))
        for date, found in by_date.items()
    }


def _total(
    days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date], known: Known, unknown: Sequence[StoredPnl]
) -> Result[Decimal]:
    if unknown and not known:
        return Missing("unpriced", "no position of the period is priced at both of its closes")
    return period_pnl(days, wanted)


def _return(
    days: Mapping[dt.date, FrozenDay], wanted: Sequence[dt.date], unknown: Sequence[StoredPnl]
) -> Result[Decimal]:
    if unknown:
        first = min(unknown, key=lambda row: (row.date, row.symbol))
        return Missing("unpriced", f"{first.symbol} is not known on {first.date}, a return needs all")
    return time_weighted_return(days, wanted)


def _opening(wanted: Sequence[dt.date], days: Mapping[dt.date, FrozenDay]) -> Decimal | None:
    return days[wanted[0]].opening_value if wanted and wanted[0] in days else None


def _totals(known: Known) -> dict[str, Decimal]:
    found: dict[str, list[Decimal]] = {}
    for row, day in known:
        found.setdefault(row.symbol, []).append(day.total)
    return {symbol: sum_money(totals) for symbol, totals in found.items()}


def _lines(known: Known, unknown: Sequence[StoredPnl], currency: str) -> tuple[PnlLine, ...]:
    lines: list[PnlLine] = []
    for symbol in sorted({row.symbol for row, _ in known} | {row.symbol for row in unknown}):
        mine = [(row, day) for row, day in known if row.symbol == symbol]
        lines.append(
            PnlLine(
                symbol=symbol,
                parts=_parts(sum_days([day for _, day in mine]), currency) if mine else None,
                realized=_money(_realized(row for row, _ in mine), currency) if mine else None,
                unknown_days=sum(row.symbol == symbol for row in unknown),
            )
        )
    return tuple(lines)


def _realized(rows: Iterable[StoredPnl]) -> Decimal | None:
    """None when the rate of one fill is unknown."""
    amounts = [row.realized for row in rows]
    known = [amount for amount in amounts if amount is not None]
    return sum_money(known) if len(known) == len(amounts) else None


def _parts(day: DayPnl, currency: str) -> PnlParts:
    names = ("price", "fx", "trading", "income", "fees", "total", "hypothetical", "actual")
    return PnlParts(**{name: Money(plain(getattr(day, name)), currency) for name in names})


def _extreme(found: Result[ExtremeDays], which: str, currency: str) -> PnlDay | None:
    if isinstance(found, Missing):
        return None
    return PnlDay(date=getattr(found, which), total=Money(plain(getattr(found, f"{which}_pnl")), currency))


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money(plain(amount), currency)


def _reason(found: object) -> str | None:
    return found.reason if isinstance(found, Missing) else None


def _message(found: object) -> str | None:
    return found.message if isinstance(found, Missing) else None
