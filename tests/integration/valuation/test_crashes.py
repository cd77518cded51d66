"""kill -9 and zombies: the same state at the end, nothing twice."""

import os
import signal
import time

import pytest

from testkit.builders import make_bar, make_instrument, make_portfolio, make_position, make_tick
from testkit.waiting import eventually

pytestmark = pytest.mark.integration

SYMBOLS = ("AIG", "BAC", "IBM", "SPY")


def ticks(first: int, last: int) -> list:
    """Ticks in feed order: one every 10 ms over four symbols."""
    return [
        make_tick(SYMBOLS[n % 4], f"14:30:{n / 100:.2f}", f"{100 + n % 37}.{n % 10}", seq=n)
        for n in range(first, last)
    ]


@pytest.fixture(scope="module")
def book(stack):
    stack.send(
        *(make_instrument(symbol) for symbol in SYMBOLS),
        make_portfolio("US"),
        *(make_position("US", symbol, "10") for symbol in SYMBOLS),
    )
    return stack


def last_prices(upto: int) -> dict[str, object]:
    found = {}
    for tick in ticks(max(0, upto - 4), upto):
        found[tick.symbol] = tick.tick_id
    return found


def test_killed_in_mid_stream_the_state_is_the_same_and_nothing_is_stored_twice(book) -> None:
    for round_number in range(4):
        service = book.start()
        first = round_number * 500
        book.send(*ticks(first, first + 300))
        book.send(make_bar("IBM", f"14:{30 + 5 * round_number}", f"{184 + round_number}"))
        time.sleep(0.15 * round_number)  # into start, checkpoint, official run
        book.send(*ticks(first + 300, first + 500))
        service.kill()
    service = book.start()
    book.wait()
    newest = book.values("US")[-1]
    assert {line.symbol: line.price_id for line in newest.positions} == last_prices(2000)
    official = book.rows(
        "SELECT as_of, revision, market_value FROM ops.portfolio_valuation WHERE basis = 'bar' ORDER BY as_of"
    )
    assert [(revision, value) for _, revision, value in official] == [
        (1, 10 * (184 + number)) for number in range(4)
    ]
    assert len(book.rows("SELECT 1 FROM ops.position")) == 4
    assert len(book.rows("SELECT 1 FROM ops.instrument")) == 4
    assert service.stop() == 0


def newest_value(book) -> str:
    return max(book.values("US"), key=lambda value: value.as_of).valuation_id


def test_a_zombie_stops_and_stores_nothing(book) -> None:
    earlier = len(book.values("US"))
    zombie = book.start()
    # What it has handed to the client when it is stopped is sent later on: let it finish its first round.
    eventually(lambda: len(book.values("US")), lambda count: count > earlier)
    os.kill(zombie.pid, signal.SIGSTOP)
    successor = book.start()
    book.send(*ticks(2000, 2100))
    book.wait()
    before = book.rows("SELECT valuation_id FROM ops.live_valuation")
    newest = newest_value(book)
    os.kill(zombie.pid, signal.SIGCONT)
    assert zombie.process.wait(20) == 3
    assert "fenced" in zombie.log_tail()
    assert book.rows("SELECT valuation_id FROM ops.live_valuation") == before
    # What the paused client still held may go out now; readers keep the greatest as_of: no change for them.
    assert newest_value(book) == newest
    book.send(*ticks(2100, 2200))
    book.wait()
    assert {line.symbol: line.price_id for line in book.values("US")[-1].positions} == last_prices(2200)
    assert successor.stop() == 0
