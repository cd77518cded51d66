"""Official values from final bars, and their restatement."""

from datetime import datetime, timedelta

import pytest

from testkit.builders import (
    WINDOW,
    make_bar,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    moment,
)

pytestmark = pytest.mark.integration

STORED = """
SELECT to_char(as_of AT TIME ZONE 'UTC', 'HH24:MI'), revision, market_value
  FROM ops.portfolio_valuation WHERE portfolio_id = %s AND basis = 'bar' ORDER BY as_of, revision
"""


@pytest.fixture(scope="module")
def running(stack):
    stack.send(
        *(make_instrument(symbol) for symbol in ("IBM", "AIG", "EURUSD")),
        make_portfolio("EU", "EUR"),
        make_fx_rate("EURUSD", "2013-10-04", "1.25"),
        make_position("EU", "IBM", "10", "180"),
        make_position("EU", "AIG", "100", "48"),
        make_tick("IBM", "14:46", "200"),
        make_bar("IBM", "14:30", "184"),
        make_bar("AIG", "14:30", "50"),
        make_bar("AIG", "14:35", "51"),
        make_bar("IBM", "14:40", "186"),
        make_bar("IBM", "14:45", "187", status="provisional", revision=0),
    )
    stack.start()
    stack.wait()
    return stack


def test_each_window_is_valued_at_closes_carried_forward(running) -> None:
    assert running.rows(STORED, "EU") == [("14:35", 1, 5472), ("14:40", 1, 5552), ("14:45", 1, 5568)]
    published = {(v.as_of, v.revision): v.market_value for v in running.values("EU", "bar")}
    assert published[moment("14:45"), 1] == 5568


def test_the_evidence_names_every_input(running) -> None:
    lines = running.rows(
        "SELECT symbol, evidence FROM ops.position_valuation WHERE as_of = %s ORDER BY symbol",
        moment("14:45"),
    )
    assert [line[1]["price"] for line in lines] == [
        "bar:AIG:2013-10-07T14:35:00Z:1",
        "bar:IBM:2013-10-07T14:40:00Z:1",
    ]
    assert {line[1]["position"] for line in lines} == {"2013-10-04:1"}
    assert {line[1]["fx"] for line in lines} == {"fx:EURUSD:2013-10-04T00:00:00Z:1"}


def test_the_topic_ends_with_the_live_value(running) -> None:
    assert running.last_message("EU").basis == "last"


def test_a_revised_bar_restates_what_it_reaches(running) -> None:
    running.send(make_bar("IBM", "14:30", "185", revision=2))
    running.wait()
    assert running.rows(STORED, "EU") == [
        ("14:35", 1, 5472),
        ("14:35", 2, 5480),
        ("14:40", 1, 5552),
        ("14:40", 2, 5560),
        ("14:45", 1, 5568),
    ]
    restated = running.rows(
        "SELECT row_key, revision, was, became, cause, evidence FROM ops.restatement ORDER BY 1"
    )
    assert [(row[0], row[1], row[4]) for row in restated] == [
        ("EU|2013-10-07T14:35:00Z|bar", 2, "bar"),
        ("EU|2013-10-07T14:40:00Z|bar", 2, "bar"),
    ]
    assert restated[0][2]["market_value"] == "5472.00000000"
    assert restated[0][3]["market_value"] == "5480.00000000"
    assert restated[0][5]["rows"] == ["bar:IBM:2013-10-07T14:30:00Z:2"]
    assert running.values("EU", "bar")[-1].revision == 2
    assert running.last_message("EU").basis == "last"


def test_a_restart_values_nothing_again(running) -> None:
    before = running.rows(STORED, "EU")
    running.services[-1].kill()
    running.send(make_bar("IBM", "14:30", "185", revision=2))
    running.start()
    running.wait()
    assert running.rows(STORED, "EU") == before


def store_bar(running, symbol: str, window_start: datetime, close: int) -> None:
    """What the aggregator writes."""
    running.rows(
        "INSERT INTO ops.price_bar (symbol, window_start, window_end, trade_date, open, high, low, close,"
        " volume, trades, currency, status, first_tick_id, last_tick_id, as_of, revision)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1, 1, 'USD', 'final', 'x', 'x', %s, 1) RETURNING symbol",
        *(symbol, window_start, window_start + WINDOW, window_start.date(), *[close] * 4, window_start),
    )


def test_a_bar_from_before_what_is_in_memory_is_valued_with_its_neighbours(running) -> None:
    """A bar of long ago reaches until the symbol's next one, over windows that are only in the database."""
    running.services[-1].kill()
    store_bar(running, "IBM", moment("14:40"), 186)
    long_ago = moment("2013-09-02") + timedelta(hours=14, minutes=30)
    store_bar(running, "AIG", long_ago, 40)
    store_bar(running, "AIG", long_ago + WINDOW, 41)
    service = running.start()
    window = {"window_start": long_ago, "window_end": long_ago + WINDOW, "as_of": long_ago}
    running.send(make_bar("IBM", "14:30", "150", **window))
    running.wait()
    assert "loading older bars" in service.log_tail()
    found = [value for value in running.values("EU", "bar") if value.as_of < moment("2013-10-01")]
    assert [value.as_of - long_ago for value in found] == [WINDOW, 2 * WINDOW]
    assert [line.market_value for line in found[1].positions] == [4100, 1500]
    assert {note.reason for note in found[1].coverage.notes} == {"no_fx_rate", "position_dated_later"}
    assert found[1].market_value is None


def test_a_parent_is_valued_on_the_merged_book_and_restated_with_its_child(running) -> None:
    running.send(
        make_portfolio("FUND"),
        make_portfolio("EU", "EUR", parent_id="FUND"),
        make_position("FUND", "IBM", "-4", "190"),
        make_portfolio("FUND", parent_id="EU"),  # a circle: refused
    )
    running.wait()
    last = {as_of: (revision, value) for as_of, revision, value in running.rows(STORED, "FUND")}
    assert last["14:45"] == (1, 6 * 186 + 100 * 51)  # netted in dollars; EU alone is worth 5568 EUR
    newest = running.value_when("FUND", lambda value: len(value.positions) == 2)
    assert [(line.symbol, line.quantity) for line in newest.positions] == [("AIG", 100), ("IBM", 6)]
    assert newest.members == ("EU",)
    assert running.rows(
        "SELECT DISTINCT members FROM ops.portfolio_valuation WHERE portfolio_id = 'FUND'"
    ) == [(["EU"],)]

    running.send(make_position("EU", "IBM", "12", "180"))
    running.wait()
    assert running.rows(STORED, "FUND")[-1] == ("14:45", 2, 8 * 186 + 100 * 51)
    assert running.value_when("FUND", lambda value: value.positions[1].quantity == 8).basis == "last"
    assert running.rows("SELECT parent_id FROM ops.portfolio WHERE portfolio_id = 'FUND'") == [(None,)]
