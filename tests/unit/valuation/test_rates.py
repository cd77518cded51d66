"""Rates as known at a moment, and through the pivot."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.builders import make_fx_rate, moment, to_us
from valuation.core.moments import DAY_US
from valuation.core.rates import SAME, Fixings, Quote, RateTable, newest

EURUSD, GBPUSD, USDJPY = Decimal("1.3580"), Decimal("1.6095"), Decimal("96.71")


def table(**rates: Decimal) -> RateTable:
    return RateTable({pair: Quote(0, rate, 0, pair.lower()) for pair, rate in rates.items()}, "USD")


def test_direct_inverse_and_cross() -> None:
    rates = table(EURUSD=EURUSD, GBPUSD=GBPUSD, USDJPY=USDJPY)
    assert rates.rate("EUR", "USD").value == EURUSD
    assert rates.rate("USD", "EUR").value == Decimal("0.736377025036818851")
    assert rates.rate("EUR", "JPY").value == EURUSD * USDJPY
    assert rates.rate("EUR", "JPY").rate_id == "eurusd+usdjpy"
    assert rates.rate("EUR", "EUR") is SAME


def test_an_unconnected_currency_has_no_rate() -> None:
    rates = table(EURUSD=EURUSD)
    assert rates.rate("CHF", "EUR") is None
    assert set(rates.into("EUR")) == {"EUR", "USD"}


@given(st.decimals("0.0001", "10000", places=6), st.decimals("0.0001", "10000", places=6))
def test_there_and_back_is_one(first: Decimal, second: Decimal) -> None:
    rates = table(EURUSD=first, GBPUSD=second)
    there, back = rates.rate("EUR", "GBP").value, rates.rate("GBP", "EUR").value
    assert abs(there * back - 1) <= Decimal("1e-9")


def test_the_oldest_leg_decides_the_age() -> None:
    rates = RateTable({"EURUSD": Quote(5, EURUSD, 5, "a", 50), "USDJPY": Quote(9, USDJPY, 9, "b", 90)}, "USD")
    assert rates.rate("EUR", "JPY").fresh_until_us == 5
    assert rates.rate("EUR", "JPY").ingest_us == 90


def test_a_fixing_is_valid_from_its_day_until_the_next() -> None:
    fixings = Fixings()
    fixings.put(make_fx_rate("EURUSD", "2013-10-07", "1.36"))
    fixings.put(make_fx_rate("EURUSD", "2013-10-04", "1.35"))
    assert fixings.at("EURUSD", to_us(moment("2013-10-04")) - 1) is None
    assert fixings.at("EURUSD", to_us(moment("2013-10-07")) - 1).rate == Decimal("1.35")
    assert fixings.at("EURUSD", to_us(moment("2013-10-07"))).rate == Decimal("1.36")
    assert fixings.next_change(to_us(moment("2013-10-04"))) == to_us(moment("2013-10-07"))


def test_an_unchanged_fixing_is_no_news_and_a_corrected_one_has_the_next_revision() -> None:
    fixings = Fixings()
    assert fixings.put(make_fx_rate("EURUSD", "2013-10-07", "1.36")) == 1
    assert fixings.put(make_fx_rate("EURUSD", "2013-10-07", "1.360")) is None
    assert fixings.put(make_fx_rate("EURUSD", "2013-10-07", "1.37")) == 2
    assert fixings.at("EURUSD", to_us(moment("2013-10-07"))).rate_id == "fx:EURUSD:2013-10-07T00:00:00Z:2"


def test_a_fixing_of_long_ago_is_no_rate_at_cost() -> None:
    fixings = Fixings()
    fixings.put(make_fx_rate("EURUSD", "2013-10-04", "1.35"))
    week_us = 7 * DAY_US
    monday, next_year = to_us(moment("2013-10-07")), to_us(moment("2014-10-07"))
    assert fixings.table_at(monday, "USD", week_us).rate("EUR", "USD").value == Decimal("1.35")
    assert fixings.table_at(next_year, "USD", week_us).rate("EUR", "USD") is None


def test_the_later_quote_wins_and_the_live_one_of_two_equal() -> None:
    fixing, live = Quote(5, EURUSD, 5, "fixing"), Quote(5, GBPUSD, 5, "live")
    assert newest(fixing, live) is live
    assert newest(fixing._replace(as_of_us=6), live).rate_id == "fixing"
    assert newest(None, live) is live
    assert newest(fixing, None) is fixing


def test_a_pair_is_six_letters() -> None:
    with pytest.raises(ValueError, match="EUR/USD"):
        Fixings().put(make_fx_rate("EUR/USD", "2013-10-07", "1.36"))
