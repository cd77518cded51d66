"""Whatever the order of facts, the values at the end are the same."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codec import encode
from testkit.builders import DAY, make_fx_rate, make_instrument, make_portfolio, make_position, make_tick
from valuation.core.state import State

FACTS = [
    make_instrument("IBM"),
    make_instrument("SAP", currency="EUR"),
    make_instrument("EURUSD"),
    make_portfolio("EU", "EUR"),
    make_portfolio("US", "USD"),
    make_fx_rate("EURUSD", "2013-10-04", "1.25"),
    make_fx_rate("EURUSD", "2013-10-07", "1.5"),
    make_position("EU", "IBM", "10", "180"),
    make_position("EU", "SAP", "-5", "50", currency="EUR"),
    make_position("US", "SAP", "7", "50", currency="EUR"),
    make_position("US", "SAP", "8", "50", currency="EUR", as_of="2013-10-07"),
    make_tick("IBM", "14:30", "184"),
    make_tick("IBM", "14:31", "185", seq=2),
    make_tick("SAP", "14:30", "52", currency="EUR"),
    make_tick("EURUSD", "14:29", "1.6"),
]


def take(state: State, fact: object) -> None:
    method = {
        "Instrument": state.take_instrument,
        "Portfolio": state.take_portfolio,
        "FxRate": state.take_fixing,
        "Position": state.take_position,
        "Tick": state.take_tick,
    }[type(fact).__name__]
    method(fact)


def values(state: State) -> list[bytes]:
    return [encode(state.value_live(name, "1", DAY)) for name in ("EU", "US")]


@settings(max_examples=60)
@given(st.permutations(FACTS), st.randoms(use_true_random=False))
def test_order_repetition_and_looking_in_between_do_not_matter(facts: list, chance: random.Random) -> None:
    plain, busy = State(), State()
    for fact in FACTS:
        take(plain, fact)
    for fact in facts:
        take(busy, fact)
        if chance.random() < 0.5:
            take(busy, chance.choice(facts))
        if chance.random() < 0.5:  # caches fill and must notice what comes after
            for name in busy.take_dirty():
                busy.value_live(name, "0", DAY)
    for fact in facts:
        take(busy, fact)
    assert values(busy) == values(plain)


def test_every_change_makes_the_portfolios_it_touches_dirty() -> None:
    state = State()
    for fact in FACTS:
        take(state, fact)
    assert set(state.take_dirty()) == {"EU", "US"}
    assert not state.is_dirty

    def dirty_after(fact: object) -> set[str]:
        take(state, fact)
        return set(state.take_dirty())

    assert dirty_after(make_tick("IBM", "14:31:30", "186", seq=3)) == {"EU"}
    assert dirty_after(make_tick("IBM", "14:31:30", "186", seq=3)) == set()
    assert dirty_after(make_tick("EURUSD", "14:31:40", "1.61", seq=3)) == {"EU", "US"}
    assert dirty_after(make_fx_rate("EURUSD", "2013-10-08", "1.7")) == {"EU", "US"}
    assert dirty_after(make_position("EU", "IBM", "11", "180")) == {"EU"}
    assert dirty_after(make_position("EU", "IBM", "11", "180")) == set()
    assert dirty_after(make_instrument("SAP", currency="EUR", name="SAP SE")) == {"EU", "US"}
    assert dirty_after(make_portfolio("NEW")) == {"NEW"}


def test_before_the_first_tick_there_is_no_market_time_and_no_value() -> None:
    state = State()
    state.take_portfolio(make_portfolio("US"))
    assert state.take_dirty() == ["US"]
    assert state.value_live("US", "1", DAY) is None
    assert state.value_live("NOBODY", "1", DAY) is None


def test_market_time_never_goes_back() -> None:
    state = State()
    state.take_tick(make_tick("IBM", "14:31", "185"))
    state.take_tick(make_tick("SAP", "14:30", "52"))
    assert state.market_time_us == make_tick("IBM", "14:31", "185").ts_event_us


def test_after_a_minute_of_market_time_every_value_is_renewed() -> None:
    state = State()
    for fact in FACTS:
        take(state, fact)
    state.take_dirty()
    take(state, make_tick("XYZ", "14:31:59", "1"))
    assert state.take_dirty() == []
    take(state, make_tick("XYZ", "14:32:01", "1", seq=2))
    assert set(state.take_dirty()) == {"EU", "US"}
