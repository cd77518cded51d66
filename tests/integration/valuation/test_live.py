"""Live values on a real broker and database."""

from decimal import Decimal

import pytest

from contracts import topics
from testkit.builders import make_fx_rate, make_instrument, make_portfolio, make_position, make_tick, moment

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def running(stack):
    """The service with a book in euros: 10 IBM taken at 180 USD, EURUSD 1.25 then and now."""
    stack.send(
        *(make_instrument(symbol) for symbol in ("IBM", "AIG", "EURUSD")),
        make_portfolio("EU", "EUR"),
        make_fx_rate("EURUSD", "2013-10-04", "1.25"),
        make_position("EU", "IBM", "10", "180"),
    )
    stack.start()
    return stack


def test_a_tick_becomes_a_value(running) -> None:
    running.send(make_tick("IBM", "14:30", "184"))
    value = running.value_when("EU", lambda v: v.market_value == 1472)
    assert (value.unrealized_pnl, value.as_of) == (32, moment("14:30"))
    assert value.positions[0].price_id == "test/IBM/1"


def test_a_live_rate_moves_the_value(running) -> None:
    running.send(make_tick("EURUSD", "14:31", "1.6"))
    value = running.value_when("EU", lambda v: v.positions[0].fx_rate == Decimal("0.625"))
    assert (value.market_value, value.unrealized_fx_pnl) == (1150, -315)


def test_a_position_becomes_visible_without_a_tick(running) -> None:
    running.send(make_position("EU", "AIG", "100", "48"))
    value = running.value_when("EU", lambda v: len(v.positions) == 2)
    assert [note.reason for note in value.coverage.notes] == ["no_price"]
    assert value.market_value == 1150
    running.send_tombstone(topics.POSITIONS, b"EU/AIG")
    assert running.value_when("EU", lambda v: len(v.positions) == 1).coverage.complete


def test_reference_records_are_stored_once(running) -> None:
    running.send(make_instrument("IBM"), make_portfolio("EU", "EUR"), make_position("EU", "IBM", "10", "180"))
    running.wait()
    assert running.rows("SELECT symbol, revision FROM ops.instrument ORDER BY 1") == [
        ("AIG", 1),
        ("EURUSD", 1),
        ("IBM", 1),
    ]
    assert running.rows("SELECT base_currency FROM ops.portfolio") == [("EUR",)]
    assert running.rows("SELECT pair, rate FROM ops.fx_rate") == [("EURUSD", Decimal("1.25"))]
    positions = running.rows("SELECT symbol, quantity FROM ops.position ORDER BY symbol, as_of, revision")
    assert positions == [("AIG", 100), ("AIG", 0), ("IBM", 10)]


def test_live_prices_and_the_newest_value_are_stored(running) -> None:
    running.wait()
    prices = running.rows("SELECT symbol, price_e8 FROM ops.live_price ORDER BY symbol")
    assert prices == [("EURUSD", 160_000_000), ("IBM", 18_400_000_000)]
    newest = running.values("EU")[-1]
    stored = running.rows("SELECT valuation_id, payload ->> 'market_value' FROM ops.live_valuation")
    assert stored == [(newest.valuation_id, "1150.00000000")]


def test_a_record_that_breaks_its_contract_stops_nothing(running) -> None:
    running.send(make_position("EU", "IBM", "NaN"))
    running.send(make_tick("IBM", "14:32", "185", seq=2))
    value = running.value_when("EU", lambda v: v.positions[0].price == 185)
    assert value.positions[0].quantity == 10
