"""Profit since the previous close in live values: parts, what changes it, and what is not known."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from contracts import DailyPnl, Valuation
from endofday.core.day import Closes
from endofday.core.facts import Action, Quote, Rates
from endofday.core.fx_day import fx_close
from testkit.builders import (
    DAY,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    make_trade,
)
from valuation.core.daily import Opening
from valuation.core.official import Due
from valuation.core.state import State

MONDAY, FRIDAY = dt.date(2013, 10, 7), dt.date(2013, 10, 4)


def opening(rate: str = "1.25", actions: Any = None, **prices: str) -> Opening:
    quotes = {(symbol, FRIDAY): Quote(D(price), "USD", "close") for symbol, price in prices.items()}
    rates = {fx_close(FRIDAY): Rates({"EURUSD": Quote(D(rate), "USD", "fx")})}
    return Opening(MONDAY, Closes(quotes, rates), actions or {})


def state(*facts: Any, base: str = "EUR") -> State:
    found = State()
    for symbol in ("IBM", "AIG", "EURUSD"):
        found.take_instrument(make_instrument(symbol))
    found.take_portfolio(make_portfolio("P", base))
    found.take_fixing(make_fx_rate("EURUSD", "2013-10-04", "1.25"))
    found.take_position(make_position("P", "IBM", "100", "150"))
    for fact in facts:
        found.take_position(fact)
    found.take_tick(make_tick("EURUSD", "14:29", "1.6"))
    found.take_tick(make_tick("IBM", "14:30", "182"))
    return found


def value(found: State, portfolio: str = "P") -> Valuation:
    valued = found.value_live(portfolio, "1", DAY)
    assert valued is not None
    return valued


def day(found: State, portfolio: str = "P") -> DailyPnl:
    told = value(found, portfolio).daily_pnl
    assert told is not None
    return told


def test_parts_of_a_position_held_over_night_add_up() -> None:
    held = state()
    assert value(held).daily_pnl is None  # the closes are not read yet
    held.take_opening(opening(IBM="180"))
    told = day(held)
    assert (told.price, told.fx) == (100 * 2 / D("1.6"), 18000 * (1 / D("1.6") - 1 / D("1.25")))
    assert (told.trading, told.income, told.fees, told.realized, told.unknown) == (0, 0, 0, 0, 0)
    assert told.total == 18200 / D("1.6") - 18000 / D("1.25")
    assert (told.opening_value, told.since) == (14400, "2013-10-04")
    assert value(held).positions[0].daily_pnl == told


def test_a_fill_is_trading_from_the_moment_it_is_done() -> None:
    held = state(base="USD")
    held.take_opening(opening(IBM="180"))
    assert day(held).total == 200
    held.take_trade(make_trade("t", "P", "IBM", "10", "181", "14:30:30", fee=D("1.5")))
    assert day(held).trading == 0  # later than the market
    held.take_tick(make_tick("IBM", "14:31", "183"))
    told = day(held)
    assert (told.price, told.trading, told.fees, told.realized) == (300, 20, D("1.5"), D("-1.5"))
    assert told.total == D("318.5")


def test_what_was_closed_today_stays_in_the_whole() -> None:
    held = state(base="USD")
    held.take_opening(opening(IBM="180"))
    held.take_trade(make_trade("t", "P", "IBM", "-100", "185", "14:30"))
    valued = value(held)
    assert valued.positions == ()
    assert valued.daily_pnl is not None
    assert valued.daily_pnl.total == 500
    assert valued.daily_pnl.realized == 100 * (185 - 150)


@pytest.mark.parametrize("lack", ["close", "price", "rate"])
def test_what_cannot_be_told_is_counted_and_left_out(lack: str) -> None:
    held = state(make_position("P", "AIG", "10"), base="USD" if lack != "rate" else "CHF")
    if lack != "price":
        held.take_tick(make_tick("AIG", "14:30", "50"))
    held.take_opening(opening(IBM="180", **({} if lack == "close" else {"AIG": "49"})))
    told = day(held)
    if lack == "rate":
        assert (told.unknown, told.total, told.price) == (2, None, None)
        return
    assert (told.unknown, told.total) == (1, 200)
    aig, ibm = value(held).positions
    assert aig.daily_pnl == DailyPnl(since="2013-10-04", unknown=1)
    assert ibm.daily_pnl is not None
    assert ibm.daily_pnl.total == 200


def test_a_position_dated_later_is_not_known() -> None:
    held = state(make_position("P", "AIG", "10", as_of="2014-01-02"), base="USD")
    held.take_tick(make_tick("AIG", "14:30", "50"))
    held.take_opening(opening(IBM="180", AIG="49"))
    assert (day(held).unknown, day(held).total) == (1, 200)


def test_a_book_of_books_adds_up_in_its_own_currency() -> None:
    held = state()
    held.take_portfolio(make_portfolio("TOP", "USD"))
    held.take_portfolio(make_portfolio("P", "EUR", parent_id="TOP"))
    held.take_position(make_position("TOP", "IBM", "-40", "150"))
    held.take_opening(opening(IBM="180"))
    told = day(held, "TOP")
    assert (told.total, told.price, told.fx) == (120, 120, 0)
    assert value(held, "TOP").positions[0].daily_pnl == told


def test_a_dividend_and_a_split_of_the_day() -> None:
    held = state(base="USD")
    actions = {
        "IBM": [
            Action("IBM", dt.date(2013, 10, 5), "split", D(2), 1),
            Action("IBM", MONDAY, "dividend", D("0.95"), 1),
        ]
    }
    held.take_opening(opening(actions=actions, IBM="360"))
    told = day(held)
    assert (told.price, told.income) == (200 * 182 - 100 * 360, 95)


def test_a_late_correction_and_another_date_change_it() -> None:
    held = state(base="USD")
    held.take_dirty()
    held.take_opening(opening(IBM="180"))
    assert held.take_dirty() == ["P"]
    assert day(held).total == 200
    held.take_opening(opening(IBM="180"))  # the same again is no news
    assert held.take_dirty() == []
    held.take_opening(opening(IBM="181"))
    assert (held.take_dirty(), day(held).total) == (["P"], 100)
    held.take_tick(make_tick("IBM", "2013-10-07T21:00:00", "183"))  # 17:00 in New York: the next date
    assert not held.daily.covers(held.market_time_us or 0)
    assert value(held).daily_pnl is None


def test_nothing_is_calculated_again_without_a_change() -> None:
    held = state()
    held.take_opening(opening(IBM="180"))
    first, second = value(held), value(held)
    assert first.positions[0].daily_pnl is second.positions[0].daily_pnl
    held.take_tick(make_tick("EURUSD", "14:31", "1.5"))
    third = value(held).positions[0].daily_pnl
    assert third is not None
    assert third.total == round(18200 / D("1.5") - 18000 / D("1.25"), 8)


def test_official_values_tell_no_running_day() -> None:
    held = state()
    held.take_opening(opening(IBM="180"))
    assert day(held).total is not None
    due = Due(held.market_time_us or 0, "P", ("bar",))
    official = held.value_official(due, DAY)
    assert official is not None
    assert official.daily_pnl is None
