"""Dated positions, and which portfolios a price touches."""

from decimal import Decimal

from testkit.builders import make_instrument, make_portfolio, make_position, moment, to_us
from valuation.core.books import Books, PositionHistory


def at(text: str) -> int:
    return to_us(moment(text))


def test_the_version_in_force_is_the_last_one_dated_at_or_before() -> None:
    history = PositionHistory()
    history.put(make_position("P", "IBM", "20", as_of="2013-10-07"))
    history.put(make_position("P", "IBM", "10", as_of="2013-10-04"))
    assert history.at(at("2013-10-06"))[0].position.quantity == 10
    assert history.at(at("2013-10-07"))[0].position.quantity == 20
    version, dated_later = history.at(at("2013-10-03"))
    assert (version.position.quantity, dated_later) == (10, True)


def test_a_repeat_is_no_news_and_a_correction_is_the_next_revision() -> None:
    history = PositionHistory()
    assert history.put(make_position("P", "IBM", "10")).revision == 1
    assert history.put(make_position("P", "IBM", "10.0", recorded_at=moment("2014-01-01"))) is None
    assert history.put(make_position("P", "IBM", "11")).revision == 2
    assert history.at(at("2013-10-07"))[0].position.quantity == 11


def test_a_version_reaches_until_the_next_and_the_first_one_back_for_ever() -> None:
    history = PositionHistory()
    for day in ("2013-10-04", "2013-10-07"):
        history.put(make_position("P", "IBM", day[-1], as_of=day))
    assert history.reach(at("2013-10-04")) == (None, at("2013-10-07"))
    assert history.reach(at("2013-10-07")) == (at("2013-10-07"), None)


def books() -> Books:
    found = Books("USD")
    for symbol in ("IBM", "SAP", "EURUSD", "GBPUSD"):
        found.put_instrument(make_instrument(symbol, **({"currency": "EUR"} if symbol == "SAP" else {})))
    found.put_portfolio(make_portfolio("US", "USD"))
    found.put_portfolio(make_portfolio("EU", "EUR"))
    found.put_position(make_position("US", "IBM", "10"))
    found.put_position(make_position("EU", "IBM", "10"))
    found.put_position(make_position("EU", "SAP", "5", currency="EUR"))
    return found


def test_a_price_touches_its_holders_and_a_rate_those_with_its_currency() -> None:
    found = books()
    assert set(found.priced_by("IBM")) == {"US", "EU"}
    assert set(found.priced_by("EURUSD")) == {"EU"}
    assert set(found.priced_by("GBPUSD")) == set()
    assert set(found.priced_by("XYZ")) == set()
    assert found.inputs("EU") == {"IBM", "SAP", "EURUSD"}
    assert found.inputs("US") == {"IBM"}


def test_a_holding_becomes_foreign_when_its_instrument_is_learned() -> None:
    found = Books("USD")
    found.put_portfolio(make_portfolio("US", "USD"))
    found.put_instrument(make_instrument("EURUSD"))
    found.put_position(make_position("US", "SAP", "5"))
    assert set(found.priced_by("EURUSD")) == set()
    found.put_instrument(make_instrument("SAP", currency="EUR"))
    assert set(found.priced_by("EURUSD")) == {"US"}


def test_closed_positions_are_left_out_and_lines_are_in_order() -> None:
    found = books()
    found.put_position(make_position("EU", "IBM", "0", as_of="2013-10-07"))
    assert [line.symbol for line in found.lines("EU", at("2013-10-06"))] == ["IBM", "SAP"]
    assert [line.symbol for line in found.lines("EU", at("2013-10-07"))] == ["SAP"]


def test_an_instrument_that_says_the_same_is_no_news() -> None:
    found = Books("USD")
    assert found.put_instrument(make_instrument("IBM")) == 1
    assert found.put_instrument(make_instrument("IBM", multiplier=Decimal("1.0"))) is None
    assert found.put_instrument(make_instrument("IBM", sector="Technology")) == 2
