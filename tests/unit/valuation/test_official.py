"""Official values: closes only, carried forward, restated as far as a close reaches."""

import random
from datetime import datetime
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import Bar, Valuation
from testkit.builders import (
    DAY,
    make_bar,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    moment,
    to_us,
)
from valuation.core.bars import BarCloses, close_of
from valuation.core.official import Stored, digest, revise
from valuation.core.state import State


def book() -> State:
    state = State()
    for symbol in ("AIG", "IBM", "EURUSD"):
        state.take_instrument(make_instrument(symbol))
    state.take_portfolio(make_portfolio("EU", "EUR"))
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-04", "1.25"))
    state.take_position(make_position("EU", "IBM", "10", "180"))
    state.take_position(make_position("EU", "AIG", "100", "48"))
    return state


def due(state: State) -> dict[str, set[str]]:
    """Portfolios by window end that are due; the agenda is empty afterwards."""
    found: dict[str, set[str]] = {}
    for one in state.agenda.take():
        found.setdefault(
            datetime.fromtimestamp(one.window_end_us / 1e6, DAY.tzinfo).strftime("%H:%M"), set()
        ).add(one.portfolio_id)
    return found


def settle(state: State, stored: dict[tuple[str, datetime], Valuation]) -> list[Valuation]:
    """Value everything that is due, as the service does; returns the new revisions."""
    news = []
    for one in state.agenda.take():
        value = state.value_official(one, DAY)
        assert value is not None
        known = stored.get((value.portfolio_id, value.as_of))
        revised = revise(value, known and Stored(known.revision, digest(known), None, None))
        if revised is not None:
            stored[revised.portfolio_id, revised.as_of] = revised
            news.append(revised)
    return news


def test_an_official_value_by_hand() -> None:
    state = book()
    state.take_tick(make_tick("IBM", "14:36", "999"))  # live prices have no part in it
    for bar in (make_bar("IBM", "14:30", "184"), make_bar("AIG", "14:25", "50")):
        state.take_bar(bar)
    value = settle(state, {})[-1]
    assert (value.as_of, value.basis, value.revision) == (moment("14:35"), "bar", 1)
    assert value.market_value == (1840 + 5000) * Decimal("0.8")
    assert {line.price_id for line in value.positions} == {
        "bar:IBM:2013-10-07T14:30:00Z:1",
        "bar:AIG:2013-10-07T14:25:00Z:1",
    }
    assert value.valuation_id == "EU:bar:2013-10-07T14:35:00Z:1"
    assert value.source_ts_us is None


def test_only_final_bars_count() -> None:
    state = book()
    state.take_bar(make_bar("IBM", "14:30", "184", status="provisional", revision=0))
    assert not state.agenda


def test_a_revised_bar_reaches_until_the_symbols_next_bar() -> None:
    state = book()
    for start in ("14:30", "14:35", "14:40", "14:50"):
        state.take_bar(make_bar("AIG", start, "50"))
    for start in ("14:30", "14:50"):
        state.take_bar(make_bar("IBM", start, "184"))
    due(state)
    state.take_bar(make_bar("IBM", "14:30", "185", revision=2))
    assert due(state) == {"14:35": {"EU"}, "14:40": {"EU"}, "14:45": {"EU"}}


def test_a_rate_bar_touches_foreign_books_and_is_used_at_its_time() -> None:
    state = book()
    state.take_portfolio(make_portfolio("US"))
    state.take_position(make_position("US", "IBM", "1"))
    state.take_bar(make_bar("IBM", "14:30", "184"))
    due(state)
    state.take_bar(make_bar("EURUSD", "14:30", "1.6"))
    assert due(state) == {"14:35": {"EU"}}
    state.take_bar(make_bar("EURUSD", "14:35", "2"))
    value = {v.as_of: v for v in settle(state, {})}[moment("14:40")]
    assert value.positions[1].fx_rate == Decimal("0.5")


def test_a_backdated_position_makes_its_span_due() -> None:
    state = book()
    for start in ("14:30", "14:35", "14:40"):
        state.take_bar(make_bar("IBM", start, "184"))
    due(state)
    state.take_position(make_position("EU", "IBM", "20", "180", as_of="2013-10-07"))
    assert due(state) == {"14:35": {"EU"}, "14:40": {"EU"}, "14:45": {"EU"}}
    state.take_position(make_position("EU", "IBM", "30", "180", as_of="2013-10-08"))
    assert due(state) == {}


def test_a_backdated_rate_makes_its_span_due() -> None:
    state = book()
    state.take_bar(make_bar("IBM", "14:30", "184"))
    due(state)
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-07", "1.6"))
    assert due(state) == {"14:35": {"EU"}}
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-04", "1.2"))
    assert due(state) == {}


def test_the_same_content_is_no_revision() -> None:
    state, stored = book(), {}
    state.take_bar(make_bar("IBM", "14:30", "184"))
    assert [v.revision for v in settle(state, stored)] == [1]
    state.take_bar(make_bar("IBM", "14:30", "184.00", revision=2))
    assert settle(state, stored) == []
    state.take_bar(make_bar("IBM", "14:30", "185", revision=3))
    assert [v.revision for v in settle(state, stored)] == [2]


def test_a_repeated_bar_makes_its_values_due_again() -> None:
    state = book()
    state.closes.put(close_of(make_bar("IBM", "14:30", "184")))  # as restored after a crash
    state.take_bar(make_bar("IBM", "14:30", "184"))
    assert due(state) == {"14:35": {"EU"}}


def test_a_digest_does_not_depend_on_spelling_ids_or_times() -> None:
    state = book()
    state.take_bar(make_bar("IBM", "14:30", "184"))
    value = state.value_official(state.agenda.take()[0], DAY)
    renamed = msgspec.structs.replace(value, valuation_id="x", revision=7, recorded_at=moment("15:00"))
    assert digest(renamed) == digest(value)
    assert digest(msgspec.structs.replace(value, market_value=Decimal(1))) != digest(value)


CLOSES = st.lists(
    st.builds(
        make_bar,
        st.sampled_from(["AIG", "IBM", "EURUSD"]),
        st.sampled_from(["14:30", "14:35", "14:40", "14:45"]),
        st.sampled_from(["1.5", "2", "50"]),
        revision=st.integers(1, 3),
    ),
    max_size=10,
    unique_by=lambda bar: (bar.symbol, bar.window_start, bar.revision),
)


@settings(max_examples=60)
@given(CLOSES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_arrival_order_and_grouping_do_not_change_what_is_stored_last(
    bars: list[Bar], order: random.Random, group: int
) -> None:
    def final_values(sequence: list[Bar], size: int) -> dict[tuple[str, datetime], str]:
        state, stored = book(), {}
        for start in range(0, len(sequence), size):
            for bar in sequence[start : start + size]:
                state.take_bar(bar)
            settle(state, stored)
        return {key: digest(value) for key, value in stored.items()}

    shuffled = [*bars]
    order.shuffle(shuffled)
    assert final_values(bars, len(bars) or 1) == final_values(shuffled, group)


def test_what_is_cut_off_is_carried_forward_and_old_bars_are_set_aside() -> None:
    closes = BarCloses()
    for start in ("14:30", "14:35", "14:40"):
        closes.put(close_of(make_bar("IBM", start, "184")))
    closes.cut(to_us(moment("14:42")))
    assert len(closes) == 2
    assert closes.at("IBM", to_us(moment("14:42"))).window_end_us == to_us(moment("14:40"))
    assert list(closes.ends_between("IBM", None, None)) == [to_us(moment("14:45"))]

    state = book()
    state.closes = closes
    old = make_bar("IBM", "14:30", "185", revision=2)
    state.take_bar(old)
    assert not state.agenda
    assert state.too_old == [old]
