"""Periods of frozen days: sums, time-weighted returns, and days that are missing."""

import datetime as dt
from decimal import Decimal as D

import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    ExtremeDays,
    FrozenDay,
    Missing,
    business_dates,
    extreme_days,
    period_dates,
    period_pnl,
    previous_business_date,
    time_weighted_return,
)

DATES = period_dates("mtd", dt.date(2013, 10, 7))
DAYS = {
    date: FrozenDay(D(pnl), D(opening))
    for date, pnl, opening in zip(DATES, [10, -20, 30, 0, 5], [1000, 1010, 2000, 2030, 2030], strict=True)
}


def test_a_month_begins_after_the_last_business_close_of_the_month_before() -> None:
    assert DATES[0] == dt.date(2013, 10, 1)
    assert len(DATES) == 5  # Tuesday to Friday, and Monday
    assert period_dates("ytd", dt.date(2013, 1, 3)) == [dt.date(2013, 1, day) for day in (1, 2, 3)]
    assert period_dates("day", dt.date(2013, 10, 7)) == [dt.date(2013, 10, 7)]
    assert business_dates(dt.date(2013, 10, 7), dt.date(2013, 10, 4)) == []
    monday = dt.date(2013, 10, 7)
    assert [previous_business_date(monday + dt.timedelta(days=n)).day for n in (0, 1, 5, 6)] == [4, 7, 11, 11]


def test_a_period_is_the_sum_of_its_days() -> None:
    assert period_pnl(DAYS, DATES) == 25
    assert period_pnl(DAYS, []) == 0


def test_flows_are_not_profit() -> None:
    # From 990 to 2000 nearly all is money put in.
    twr = time_weighted_return(DAYS, DATES)
    exact = D("1.01") * (1 - D(20) / D(1010)) * D("1.015") * (1 + D(5) / D(2030)) - 1
    assert isinstance(twr, D)
    assert abs(twr - exact) < D("1e-17")


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30))
def test_the_return_of_a_chain_is_that_of_empyrical(pnls: list[int]) -> None:
    dates = business_dates(dt.date(2020, 1, 1), dt.date(2020, 12, 31))[: len(pnls)]
    days = {date: FrozenDay(D(pnl), D(1000)) for date, pnl in zip(dates, pnls, strict=True)}
    found = time_weighted_return(days, dates)
    assert isinstance(found, D)
    assert float(found) == pytest.approx(empyrical.cum_returns_final(np.array(pnls) / 1000), abs=1e-12)


def test_a_missing_day_is_named_and_not_skipped() -> None:
    days = {date: day for date, day in DAYS.items() if date.day not in (2, 4)}
    for found in (period_pnl(days, DATES), time_weighted_return(days, DATES)):
        assert isinstance(found, Missing)
        assert found.reason == "missing_day"
        assert found.message.startswith("2013-10-02 and 1 more")


def test_a_book_without_value_has_no_return() -> None:
    for opening in (D(0), D(-5)):
        found = time_weighted_return({DATES[0]: FrozenDay(D(1), opening)}, DATES[:1])
        assert isinstance(found, Missing)
        assert (found.reason, "2013-10-01" in found.message) == ("not_positive_value", True)
    none = time_weighted_return({}, [])
    assert isinstance(none, Missing)
    assert none.reason == "flat_book"


def test_a_day_without_any_position_does_not_break_the_chain() -> None:
    days = {DATES[0]: FrozenDay(D(0), D(0)), DATES[1]: FrozenDay(D(10), D(100))}
    assert time_weighted_return(days, DATES[:2]) == D("0.1")


def test_best_and_worst_day() -> None:
    assert extreme_days(DAYS) == ExtremeDays(DATES[2], D(30), DATES[1], D(-20))
    assert isinstance(extreme_days({}), Missing)
    same = dict.fromkeys(DATES, FrozenDay(D(1), D(1)))
    found = extreme_days(same)
    assert isinstance(found, ExtremeDays)
    assert found.best == found.worst == DATES[0]
