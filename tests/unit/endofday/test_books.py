"""What was held at the previous close and traded since: versions, fills and splits."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

from endofday.core.books import DayBook, day_book, dividend, merge, split_ratio
from endofday.core.facts import Action, Trade, Version
from endofday.core.sessions import Session
from quant import DayPnl, Fill, daily_pnl

OPENING = Session(dt.date(2014, 6, 6), dt.datetime(2014, 6, 6, 20, tzinfo=dt.UTC), "XNYS")
CLOSING = Session(dt.date(2014, 6, 9), dt.datetime(2014, 6, 9, 20, tzinfo=dt.UTC), "XNYS")
SPLIT = Action("AAPL", dt.date(2014, 6, 9), "split", D(7), 1)
DIVIDEND = Action("AAPL", dt.date(2014, 6, 7), "dividend", D("3.29"), 1)  # a Saturday: counts on Monday
LONG_AGO = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)
MONDAY = dt.datetime(2014, 6, 9, tzinfo=dt.UTC)


def version(quantity: str, as_of: dt.datetime = LONG_AGO, revision: int = 1) -> Version:
    return Version("P", "AAPL", as_of, D(quantity), D(500), "USD", None, revision)


def trade(quantity: str, price: str, at: dt.datetime, name: str = "t") -> Trade:
    return Trade(name, "P", "AAPL", at, 1, D(quantity), D(price), "USD", D(0))


def book(versions: Any = (), trades: Any = (), actions: Any = ()) -> DayBook:
    return day_book(versions, trades, actions, OPENING, CLOSING, D(1), lambda _: D(1))


def profit(found: DayBook, actions: Any = ()) -> DayPnl:
    day = daily_pnl(
        quantity=found.quantity,
        opening_price=D("645.57"),
        closing_price=D("93.70"),
        opening_fx_rate=D(1),
        closing_fx_rate=D(1),
        fills=found.fills,
        split_ratio=split_ratio(actions, OPENING, CLOSING),
        dividend=dividend(actions, OPENING, CLOSING),
    )
    assert isinstance(day, DayPnl)
    return day


def test_a_split_day_earns_the_same_whichever_units_the_position_was_loaded_in() -> None:
    old = book([version("400")], actions=[SPLIT])
    new = book([version("400"), version("2800", MONDAY)], actions=[SPLIT])
    assert old.quantity == new.quantity == 400
    for found in (old, new):
        day = profit(found, [SPLIT])
        assert (day.total, day.closing_quantity) == (D(2800) * D("93.70") - D(400) * D("645.57"), 2800)


def test_a_fill_before_the_ex_date_is_in_old_units() -> None:
    friday_evening = dt.datetime(2014, 6, 6, 21, tzinfo=dt.UTC)
    found = book([version("400")], [trade("10", "644", friday_evening)], [SPLIT])
    assert [(fill.quantity, fill.price) for fill in found.fills] == [(70, D(92))]
    assert profit(found, [SPLIT]).trading == 70 * (D("93.70") - 92)


def test_fills_belong_to_the_interval_between_the_closes() -> None:
    before, after = OPENING.close, CLOSING.close + dt.timedelta(seconds=1)
    trades = [
        trade("5", "640", before, "a"),
        trade("7", "94", CLOSING.close, "b"),
        trade("9", "95", after, "c"),
    ]
    found = book([version("400")], trades)
    assert found.quantity == 405
    assert [fill.fill_id for fill in found.fills] == ["b"]
    assert found.fill_ids == ("a", "b")


def test_a_version_loaded_between_the_closes_is_a_flow_at_the_start_of_the_day() -> None:
    sunday_fill = trade("50", "640", dt.datetime(2014, 6, 8, 23, tzinfo=dt.UTC))
    found = book([version("400"), version("500", MONDAY)], [sunday_fill])
    assert (found.quantity, found.fills) == (500, ())  # the version knows what came before it


def test_nothing_is_held_before_the_first_version_or_fill() -> None:
    assert book([version("400", dt.datetime(2014, 7, 1, tzinfo=dt.UTC))]) == DayBook(D(0))
    opened = book(trades=[trade("10", "94", MONDAY + dt.timedelta(hours=15))])
    assert (opened.quantity, len(opened.fills)) == (0, 1)


def test_a_closed_position_stays_closed() -> None:
    assert book([version("400"), version("0", dt.datetime(2014, 5, 1, tzinfo=dt.UTC))]).quantity == 0


def test_an_ex_date_without_session_counts_on_the_next() -> None:
    assert dividend([DIVIDEND], OPENING, CLOSING) == D("3.29")
    assert profit(book([version("400")]), [DIVIDEND, SPLIT]).income == 400 * D("3.29")


def test_what_a_sale_realises_is_told_at_average_cost() -> None:
    found = book([version("400")], [trade("-100", "640", MONDAY + dt.timedelta(hours=15))])
    assert found.realized == 100 * (D(640) - 500)
    unknown = day_book(
        [version("400")], [trade("-100", "640", MONDAY)], (), OPENING, CLOSING, D(1), lambda _: None
    )
    assert unknown.realized is None


def test_books_are_merged_by_adding_up() -> None:
    one = DayBook(D(5), (Fill(D(1), D(2)),), D(3), ("a",), ("x",))
    both = merge([one, DayBook(D(-5), (), D(4), ("b",))])
    assert (both.quantity, len(both.fills), both.realized, both.positions) == (0, 1, 7, ("a", "b"))
    assert merge([one, DayBook(D(0), realized=None)]).realized is None
