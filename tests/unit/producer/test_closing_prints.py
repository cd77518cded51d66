"""The closes that a simulated market begins with are those its first day is compared with."""

from datetime import UTC, datetime

import pytest

from contracts import RawTick
from endofday.core.day import Day
from endofday.core.facts import Instrument
from endofday.core.running import running_date
from producer.adapters.calibration import load_market
from producer.core.closing_prints import closing_prints

MARKET = load_market()
MONDAY = datetime(2026, 11, 23, 18, 44, tzinfo=UTC)
SUNDAY_AFTER_THANKSGIVING = datetime(2026, 11, 29, 12, tzinfo=UTC)
AFTER_THE_CLOSE = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


def by_symbol(start: datetime) -> dict[str, RawTick]:
    return {one.symbol: one for one in closing_prints(MARKET, start, "close-before-1")}


@pytest.mark.parametrize(
    ("start", "shares", "pairs"),
    [
        (MONDAY, "2026-11-20T20:59:59.000000Z", "2026-11-20T21:59:59.000000Z"),
        (SUNDAY_AFTER_THANKSGIVING, "2026-11-27T17:59:59.000000Z", "2026-11-27T21:59:59.000000Z"),
        (AFTER_THE_CLOSE, "2026-11-24T20:59:59.000000Z", "2026-11-24T21:59:59.000000Z"),
    ],
)
def test_prints_are_of_the_last_session_before(start: datetime, shares: str, pairs: str) -> None:
    prints = by_symbol(start)
    assert prints["SPY"].ts_event == shares
    assert prints["EURUSD"].ts_event == pairs


@pytest.mark.parametrize("start", [MONDAY, SUNDAY_AFTER_THANKSGIVING, AFTER_THE_CLOSE])
def test_a_print_is_the_last_thing_before_the_close_that_the_day_opens_with(start: datetime) -> None:
    instruments = {
        one.symbol: Instrument(one.symbol, one.asset_class, one.currency, one.exchange, None)
        for one in MARKET.instruments
    }
    day = Day(running_date(start), instruments)
    for symbol, tick in by_symbol(start).items():
        close = day.sessions(symbol)[0].close
        assert 0 < (close - datetime.fromisoformat(tick.ts_event)).total_seconds() <= 1


def test_every_instrument_prints_its_start_price() -> None:
    prints = by_symbol(MONDAY)
    assert {symbol: tick.price for symbol, tick in prints.items()} == {
        one.symbol: one.start_price for one in MARKET.instruments
    }
