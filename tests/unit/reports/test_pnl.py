"""The Daily Portfolio PnL report from rows: sums, returns, what is missing, who moved."""

import datetime as dt
from decimal import Decimal as D

import pytest
from tests.unit.reports.books import MONDAY, TOP, US, day, line, pnl_rows

from reports.core.pnl.building import daily_pnl
from reports.core.pnl.rows import SymbolTotal, UnknownLine
from reports.core.pnl.shapes import BookPnl, DayTotal

FRIDAY = dt.date(2013, 10, 4)


def only(report: object) -> BookPnl:
    (book,) = report.portfolios  # type: ignore[attr-defined]
    return book


def test_a_month_is_the_sum_of_its_days_and_a_date_without_a_line_brought_nothing() -> None:
    days = [day(dt.date(2013, 10, 2), "-20", fees=D("1.5")), day(MONDAY, "10")]
    month = only(daily_pnl(pnl_rows(days=days))).month
    assert month.parts is not None
    assert (month.parts.total, month.parts.fees) == (D(-10), D("1.5"))
    assert (month.days, month.since, month.complete) == (5, dt.date(2013, 9, 30), True)
    assert month.best_day == DayTotal(date=MONDAY, total=D(10))
    assert month.worst_day == DayTotal(date=dt.date(2013, 10, 2), total=D(-20))


def test_returns_chain_and_the_drawdown_is_their_largest_fall() -> None:
    days = [day(dt.date(2013, 10, 1), "100"), day(FRIDAY, "-110", "1100"), day(MONDAY, "10")]
    month = only(daily_pnl(pnl_rows(days=days))).month
    assert month.time_weighted_return == D("1.1") * D("0.9") * D("1.01") - 1
    assert month.drawdown is not None
    assert month.drawdown.value == pytest.approx(0.1)
    assert (month.drawdown.peak, month.drawdown.trough) == (dt.date(2013, 10, 3), FRIDAY)


def test_a_date_without_an_end_of_day_makes_the_month_unavailable_not_smaller() -> None:
    frozen = frozenset({MONDAY, dt.date(2013, 10, 1)})
    book = only(daily_pnl(pnl_rows(frozen=frozen)))
    assert book.day.parts is not None
    assert book.day.parts.total == D(10)
    assert book.month.parts is None
    assert book.month.parts_unavailable is not None
    assert book.month.parts_unavailable.reason == "missing_day"
    assert book.month.missing_days == tuple(dt.date(2013, 10, n) for n in (2, 3, 4))


def test_before_anything_was_held_no_end_of_day_is_needed() -> None:
    rows = pnl_rows(frozen=frozenset({MONDAY}), first_held={"US": MONDAY})
    assert only(daily_pnl(rows)).month.complete


def test_a_position_that_is_not_known_is_in_no_sum_and_takes_the_return() -> None:
    rows = pnl_rows(
        days=[day(MONDAY, "10", unknown=1)],
        lines=[line("AIG", "10"), line("XYZ", None)],
        unknown=[UnknownLine(portfolio_id="US", symbol="XYZ", date=MONDAY, reason="no_price")],
    )
    report = daily_pnl(rows)
    book = only(report)
    assert book.day.parts is not None
    assert book.day.parts.total == D(10)
    assert book.day.time_weighted_return is None
    assert book.day.return_unavailable is not None
    assert book.day.return_unavailable.reason == "unpriced"
    assert book.day.best_day is None
    assert [one.symbol for one in book.unknown] == ["XYZ"]
    assert not report.complete


def test_a_day_of_which_nothing_is_known_has_no_profit_rather_than_zero() -> None:
    book = only(daily_pnl(pnl_rows(days=[day(MONDAY, "0", known=0, unknown=2)])))
    assert book.day.parts is None
    assert book.closing_value is None


def test_movers_are_ranked_and_zero_is_neither() -> None:
    names = [line("A", "5"), line("B", "-7"), line("C", "0"), line("D", "9")]
    totals = [SymbolTotal(portfolio_id="US", symbol="A", name="A Inc.", total=D(-1))]
    book = only(daily_pnl(pnl_rows(lines=names, month=totals)))
    assert [(one.symbol, one.total) for one in book.gainers] == [("D", D(9)), ("A", D(5))]
    assert [one.symbol for one in book.losers] == ["B"]
    assert [one.symbol for one in book.month_losers] == ["A"]


def test_volatility_needs_twenty_days() -> None:
    short = only(daily_pnl(pnl_rows()))
    assert short.volatility_20d is None
    assert short.volatility_unavailable is not None
    dates = [
        MONDAY - dt.timedelta(days=n) for n in range(40) if (MONDAY - dt.timedelta(days=n)).weekday() < 5
    ]
    days = [day(date, "10" if n % 2 else "-10") for n, date in enumerate(dates)]
    full = only(daily_pnl(pnl_rows(days=days, frozen=frozenset(dates), first_held={"US": dates[-1]})))
    assert full.volatility_20d == pytest.approx(0.01 * (20 / 19 * 252) ** 0.5, rel=1e-3)


def test_parents_come_before_their_members() -> None:
    report = daily_pnl(pnl_rows(portfolios=[US, TOP]))
    assert [(one.portfolio_id, one.depth, one.has_members) for one in report.portfolios] == [
        ("TOP", 0, True),
        ("US", 1, False),
    ]
