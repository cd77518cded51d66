"""Which session a date closes with, and when the FX day ends."""

import datetime as dt

import pytest

from endofday.core.facts import Portfolio, members
from endofday.core.fx_day import fx_close
from endofday.core.running import running_date
from endofday.core.sessions import last_session
from endofday.steps import STEPS, chosen


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("exchange", "date", "session", "close"),
    [
        ("XNYS", dt.date(2013, 10, 7), dt.date(2013, 10, 7), utc(2013, 10, 7, 20)),
        ("XNYS", dt.date(2013, 9, 2), dt.date(2013, 8, 30), utc(2013, 8, 30, 20)),  # Labor Day
        ("XNAS", dt.date(2013, 11, 29), dt.date(2013, 11, 29), utc(2013, 11, 29, 18)),  # closes at 13:00
        ("ARCX", dt.date(2013, 1, 1), dt.date(2012, 12, 31), utc(2012, 12, 31, 21)),
        ("XTKS", dt.date(2013, 10, 14), dt.date(2013, 10, 11), utc(2013, 10, 11, 6)),  # Health and Sports Day
        ("XOFF", dt.date(2013, 10, 6), dt.date(2013, 10, 4), utc(2013, 10, 4, 21)),  # no calendar: weekdays
        (None, dt.date(2013, 9, 2), dt.date(2013, 9, 2), utc(2013, 9, 2, 21)),
    ],
)
def test_the_last_session(exchange: str, date: dt.date, session: dt.date, close: dt.datetime) -> None:
    found = last_session(exchange, date)
    assert (found.date, found.close) == (session, close)


def test_the_fx_day_ends_at_17_00_in_new_york_summer_and_winter() -> None:
    assert fx_close(dt.date(2013, 10, 7)) == utc(2013, 10, 7, 21)
    assert fx_close(dt.date(2013, 11, 4)) == utc(2013, 11, 4, 22)


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        (utc(2013, 10, 7, 20, 59), dt.date(2013, 10, 7)),
        (utc(2013, 10, 7, 21), dt.date(2013, 10, 8)),
        (utc(2013, 10, 4, 21), dt.date(2013, 10, 7)),  # Friday evening
        (utc(2013, 10, 6, 3), dt.date(2013, 10, 7)),  # a Saturday evening in New York
    ],
)
def test_the_running_business_date(moment: dt.datetime, date: dt.date) -> None:
    assert running_date(moment) == date


def test_members_are_all_below_and_a_circle_ends() -> None:
    books = {
        name: Portfolio(name, "USD", parent)
        for name, parent in (("TOP", None), ("EU", "TOP"), ("DE", "EU"), ("A", "B"), ("B", "A"))
    }
    assert members(books, "TOP") == ["DE", "EU", "TOP"]
    assert members(books, "A") == ["A", "B"]
    assert members(books, "DE") == ["DE"]


def test_steps_are_chosen_by_name() -> None:
    assert chosen() == STEPS
    assert [step.name for step in chosen(["challenger", "pnl"])] == ["pnl", "challenger"]
    with pytest.raises(ValueError, match="there are closes, corporate-actions"):
        chosen(["nope"])
