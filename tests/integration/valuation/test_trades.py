"""Trades and splits through the service: stored once, valued live and officially, restated when late."""

from datetime import date
from decimal import Decimal

import pytest

from testkit.builders import (
    make_bar,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    make_trade,
    moment,
)
from testkit.waiting import eventually

pytestmark = pytest.mark.integration

OFFICIAL = """
SELECT to_char(as_of AT TIME ZONE 'UTC', 'HH24:MI'), revision, market_value, realized_pnl
  FROM ops.portfolio_valuation WHERE portfolio_id = 'DESK' AND basis = 'bar' ORDER BY as_of, revision
"""
FILLS = "SELECT fill_id, quantity, price, fee, revision FROM ops.fill ORDER BY fill_id"
SPLIT = """
INSERT INTO ops.corporate_action (symbol, ex_date, type, value, revision, recorded_at)
VALUES ('AIG', %s, 'split', %s, %s, now()) RETURNING revision
"""
BUY = make_trade("T1", "DESK", "IBM", "10", "180", "14:32", fee=Decimal("1.5"))
SELL = make_trade("T2", "DESK", "IBM", "-4", "190", "14:41")


@pytest.fixture(scope="module")
def running(stack):
    stack.send(
        *(make_instrument(symbol) for symbol in ("IBM", "AIG")),
        make_portfolio("DESK"),
        make_position("DESK", "AIG", "100", "48"),
        make_bar("IBM", "14:30", "184"),
        make_bar("IBM", "14:40", "186"),
        make_bar("AIG", "14:30", "50"),
        make_tick("IBM", "14:46", "200"),
        make_tick("AIG", "14:46", "52"),
        BUY,
    )
    stack.start()
    stack.wait()
    return stack


def test_a_trade_is_stored_and_valued(running) -> None:
    assert running.rows(FILLS) == [("T1", 10, 180, Decimal("1.5"), 1)]
    value = running.value_when("DESK", lambda v: len(v.positions) == 2)
    assert (value.market_value, value.realized_pnl) == (5200 + 2000, Decimal("-1.5"))
    assert running.rows(OFFICIAL) == [
        ("14:35", 1, 5000 + 1840, Decimal("-1.5")),
        ("14:45", 1, 5000 + 1860, Decimal("-1.5")),
    ]


def test_a_repeat_books_nothing_also_after_a_crash(running) -> None:
    running.send(BUY)
    running.wait()
    running.services[-1].kill()
    running.send(BUY)
    running.start()
    running.send(BUY)
    running.wait()
    assert running.rows(FILLS) == [("T1", 10, 180, Decimal("1.5"), 1)]
    assert running.values("DESK")[-1].market_value == 7200


def test_a_late_fill_restates_what_it_reaches(running) -> None:
    running.send(SELL)
    running.wait()
    value = running.value_when("DESK", lambda v: v.market_value == 5200 + 1200)
    assert value.realized_pnl == 40 - Decimal("1.5")
    assert running.rows(OFFICIAL)[1:] == [
        ("14:45", 1, 6860, Decimal("-1.5")),
        ("14:45", 2, 5000 + 6 * 186, Decimal("38.5")),
    ]
    (evidence,) = running.rows("SELECT cause, evidence FROM ops.restatement")
    assert evidence == ("trade", {"rows": ["trade:T2"]})


def test_a_split_loaded_on_the_way_changes_units_and_not_the_value(running) -> None:
    before = running.rows("SELECT count(*) FROM ops.portfolio_valuation WHERE portfolio_id = 'DESK'")
    running.rows(SPLIT, date(2013, 10, 7), 2, 1)  # before the day's first trade: the ticks are in new units
    value = running.value_when(
        "DESK", lambda v: any(line.symbol == "AIG" and line.quantity == 200 for line in v.positions)
    )
    assert value.market_value == 200 * 52 + 1200
    # A correction: no split after all, and what was restated is restated back.
    eventually(lambda: len(running.rows(OFFICIAL)), lambda count: count == 5)
    running.rows(SPLIT, date(2013, 10, 7), 1, 2)
    running.value_when("DESK", lambda v: v.market_value == 6400)
    found = eventually(lambda: running.rows(OFFICIAL), lambda rows: len(rows) == before[0][0] + 4)
    assert [row[2] for row in found] == [6840, 11840, 6840, 6860, 6116, 11116, 6116]


def test_a_split_loaded_while_the_service_is_down_is_taken_in_at_its_start(running) -> None:
    running.services[-1].kill()
    running.rows(SPLIT, date(2013, 10, 8), 2, 1)
    running.rows(SPLIT, date(2013, 10, 7), 2, 3)
    running.start()
    running.value_when("DESK", lambda v: v.market_value == 200 * 52 + 1200)
    found = eventually(lambda: running.rows(OFFICIAL), lambda rows: len(rows) == 9)
    assert found[-1][1:3] == (5, 11116)
    # Tomorrow's split counts from the first moment of its day on, also before the first trade.
    running.send(make_tick("IBM", "28:01", "200", seq=2))
    line = running.value_when("DESK", lambda v: v.as_of > moment("28:00")).positions[0]
    assert (line.symbol, line.quantity, line.price) == ("AIG", 400, 26)
