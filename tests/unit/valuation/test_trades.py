"""Fills and splits on top of loaded positions."""

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from chassis.bus import Record
from contracts import Instrument, PositionValue, Trade, Valuation, topics
from contracts.codec import encode
from testkit.builders import (
    DAY,
    make_bar,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    make_trade,
    moment,
    to_us,
)
from valuation.adapters.rows import reference_row, trade_of
from valuation.core.official import Due
from valuation.core.splits import SplitRecord
from valuation.core.state import Rules, State
from valuation.handlers import BadRecord, Fact, handle

D = Decimal
TAKE = {
    "Instrument": State.take_instrument,
    "Portfolio": State.take_portfolio,
    "FxRate": State.take_fixing,
    "Position": State.take_position,
    "Tick": State.take_tick,
    "Bar": State.take_bar,
    "Trade": State.take_trade,
    "SplitRecord": lambda state, record: state.take_splits([record]),
}


def take(state: State, *facts: object) -> State:
    for fact in facts:
        TAKE[type(fact).__name__](state, fact)
    return state


def desk(*facts: object, rules: Rules | None = None) -> State:
    known = make_portfolio("US"), make_instrument("IBM"), make_tick("IBM", "15:00", "190")
    return take(State(rules), *known, *facts)


def live(state: State, portfolio_id: str = "US") -> Valuation:
    value = state.value_live(portfolio_id, "1", DAY)
    assert value is not None
    return value


def only_line(value: Valuation) -> PositionValue:
    (line,) = value.positions
    return line


def official(state: State, at: str, portfolio_id: str = "US") -> Valuation:
    value = state.value_official(Due(to_us(moment(at)), portfolio_id, ()), DAY)
    assert value is not None
    return value


def test_a_trade_opens_a_position() -> None:
    state = desk(make_trade("T1", "US", "IBM", "10", "180", fee=D("1.5")))
    value = live(state)
    line = only_line(value)
    assert (line.quantity, line.average_cost, line.position_version) == (10, 180, 0)
    assert (value.market_value, value.unrealized_pnl, value.realized_pnl) == (1900, 100, D("-1.5"))
    assert state.take_dirty() == ["US"]


def test_fills_change_a_loaded_position_from_its_date_on() -> None:
    state = desk(
        make_position("US", "IBM", "10", "100"),
        make_trade("T0", "US", "IBM", "99", "50", "2013-10-03"),  # before it was loaded: already in it
        make_trade("T1", "US", "IBM", "10", "200"),
        make_trade("T2", "US", "IBM", "-5", "180", "14:30"),
    )
    line = only_line(live(state))
    assert (line.quantity, line.average_cost, line.realized_pnl_base) == (15, 150, 150)
    assert line.unrealized_pnl == 15 * 40
    assert line.position_as_of == moment("2013-10-04")


def test_a_later_loaded_version_begins_anew() -> None:
    state = desk(
        make_position("US", "IBM", "10", "100"),
        make_trade("T1", "US", "IBM", "-5", "200", "13:00"),
        make_position("US", "IBM", "7", "110", as_of="14:00"),
        make_trade("T2", "US", "IBM", "-2", "120", "14:00"),
    )
    line = only_line(live(state))
    assert (line.quantity, line.average_cost, line.realized_pnl_base) == (5, 110, 20)


def test_what_is_closed_leaves_the_book_and_stays_in_what_was_realised() -> None:
    state = desk(
        make_trade("T1", "US", "IBM", "10", "180"), make_trade("T2", "US", "IBM", "-10", "185", "14:10")
    )
    value = live(state)
    assert (value.positions, value.market_value, value.realized_pnl) == ((), 0, 50)


def test_fifo_is_offered() -> None:
    facts = [
        make_trade("T1", "US", "IBM", "10", "100", "13:00"),
        make_trade("T2", "US", "IBM", "10", "200", "13:10"),
        make_trade("T3", "US", "IBM", "-10", "210", "13:20"),
    ]
    assert only_line(live(desk(*facts))).realized_pnl_base == 600
    fifo = only_line(live(desk(*facts, rules=Rules(cost_method="fifo"))))
    assert (fifo.realized_pnl_base, fifo.average_cost) == (1100, 200)


def test_a_foreign_fill_is_taken_at_the_fixing_of_its_moment() -> None:
    sap: Instrument = make_instrument("SAP", currency="EUR")
    state = desk(
        sap,
        make_fx_rate("EURUSD", "2013-10-03", "1.20"),
        make_fx_rate("EURUSD", "2013-10-07", "1.50"),
        make_trade("T1", "US", "SAP", "10", "100", "2013-10-03", currency="EUR"),
        make_trade("T2", "US", "SAP", "-4", "110", "14:00", currency="EUR", fee=D(2)),
        make_tick("SAP", "15:00", "120", currency="EUR"),
    )
    line = only_line(live(state))
    assert line.cost_fx_rate == D("1.2")
    assert line.realized_pnl_base == D("40") * D("1.5") + 400 * D("0.3") - 3
    assert line.fx_pnl_base == 600 * D("0.3")
    # Total profit is what is held less what was paid, each at its rate.
    paid = 1000 * D("1.2") - 440 * D("1.5") + 3
    assert line.realized_pnl_base + line.unrealized_pnl_base == line.market_value_base - paid


def test_an_unknown_rate_makes_the_realised_amount_unknown_not_zero() -> None:
    state = desk(
        make_instrument("SAP", currency="EUR"),
        make_trade("T1", "US", "SAP", "10", "100", "13:00", currency="EUR"),
        make_trade("T2", "US", "SAP", "-4", "110", "14:00", currency="EUR"),
    )
    value = live(state)
    assert (value.realized_pnl, only_line(value).realized_pnl_base) == (None, None)


def test_a_trade_in_another_currency_than_its_instrument_is_not_priced() -> None:
    value = live(desk(make_trade("T1", "US", "IBM", "10", "180", currency="EUR")))
    assert [note.reason for note in value.coverage.notes] == ["currency_mismatch"]


def test_a_repeat_is_no_news_and_another_trade_of_the_same_id_is_refused() -> None:
    trade = make_trade("T1", "US", "IBM", "10", "180")
    state = State()

    def arrive(one: Trade) -> Fact | None:
        return handle(state, Record(topics.TRADES.name, 0, 0, b"US", encode(one), [], 0))

    assert arrive(trade) == Fact(trade, 1)
    assert arrive(structs.replace(trade, recorded_at=moment("2014-01-01"))) is None
    with pytest.raises(BadRecord, match="known with another content"):
        arrive(structs.replace(trade, quantity=D(11)))
    with pytest.raises(BadRecord, match="quantity 0"):
        arrive(make_trade("T2", "US", "IBM", "0", "180"))


def test_a_trade_survives_its_row() -> None:
    trade = make_trade("T1", "US", "IBM", "10", "180", fee=D("1.5"))
    assert trade_of(reference_row(Fact(trade, 1))) == trade


def test_a_late_fill_makes_the_official_values_after_it_due() -> None:
    bars = [make_bar("IBM", start, "190") for start in ("13:55", "14:00", "14:05")]
    state = desk(make_position("US", "IBM", "10", "100"), *bars)
    state.agenda.take()
    take(state, make_trade("T1", "US", "IBM", "5", "180", "14:02"))
    due = state.agenda.take()
    assert [one.window_end_us for one in due] == [to_us(moment("14:05")), to_us(moment("14:10"))]
    assert due[0].causes == ("trade:T1",)
    assert [only_line(official(state, at)).quantity for at in ("14:00", "14:05")] == [10, 15]


def test_a_tombstone_closes_what_was_traded() -> None:
    state = desk(make_trade("T1", "US", "IBM", "10", "180"))
    fact = handle(state, Record(topics.POSITIONS.name, 0, 0, b"US/IBM", None, [], to_us(DAY)))
    assert fact is not None
    assert live(state).positions == ()
    assert handle(state, Record(topics.POSITIONS.name, 0, 1, b"US/IBM", None, [], to_us(DAY))) is None


# Splits

APPLE = [
    make_instrument("AAPL", exchange="XNAS"),
    make_portfolio("US"),
    make_position("US", "AAPL", "10", "500", as_of="2014-06-02"),
]
SEVEN = SplitRecord("AAPL", date(2014, 6, 9), D(7), 1)
# LEAN sample, data/daily: closes of 2014-06-06 and 2014-06-09.
FRIDAY, MONDAY = "645.57", "93.70"


def apple_bar(at: str, close: str) -> object:
    start = moment("2014-06-06") if at < "06-07" else moment("2014-06-09")
    hours = start.replace(hour=int(at[6:8]), minute=int(at[9:]))
    bar = make_bar("AAPL", "10:00", close)
    shift = hours - bar.window_start
    return structs.replace(
        bar, **{name: getattr(bar, name) + shift for name in ("window_start", "window_end", "as_of")}
    )


def apple_at(state: State, day: str, hour: int, minute: int = 0) -> PositionValue:
    end = moment(day).replace(hour=hour, minute=minute)
    value = state.value_official(Due(to_us(end), "US", ()), DAY)
    assert value is not None
    return only_line(value)


def test_ten_apple_shares_become_seventy_and_keep_their_value() -> None:
    state = take(State(), *APPLE, SEVEN, apple_bar("06-06 19:55", FRIDAY), apple_bar("06-09 19:55", MONDAY))
    before, night, after = (
        apple_at(state, "2014-06-06", 20),
        apple_at(state, "2014-06-09", 13, 30),
        apple_at(state, "2014-06-09", 20),
    )
    assert (before.quantity, before.average_cost, before.market_value) == (10, 500, D("6455.70"))
    # No trade yet on the ex-date: Friday's price in Monday's units.
    assert night.quantity == 70
    assert night.market_value == before.market_value
    assert night.unrealized_pnl == before.unrealized_pnl
    assert (after.quantity, after.market_value) == (70, D("6559.00"))
    assert after.unrealized_pnl == D("1559.00")
    assert after.realized_pnl_base == 0


def test_the_ex_date_begins_at_midnight_of_the_market() -> None:
    state = take(State(), *APPLE, SEVEN, apple_bar("06-06 19:55", FRIDAY))
    assert apple_at(state, "2014-06-09", 3, 55).quantity == 10  # 23:55 in New York
    assert apple_at(state, "2014-06-09", 4).quantity == 70


def test_a_position_dated_on_the_ex_date_is_in_new_units_already() -> None:
    later = make_position("US", "AAPL", "70", "71.43", as_of="2014-06-09")
    state = take(State(), *APPLE, later, SEVEN, apple_bar("06-06 19:55", FRIDAY))
    for hour in (1, 4, 20):
        line = apple_at(state, "2014-06-09", hour)
        assert (line.quantity, line.average_cost, line.market_value) == (70, D("71.43"), D("6455.70"))
    only_later = take(State(), *APPLE[:2], later, SEVEN, apple_bar("06-06 19:55", FRIDAY))
    assert apple_at(only_later, "2014-06-06", 20).market_value == D("6455.70")


def test_fills_before_and_after_a_split_are_each_in_their_units() -> None:
    state = take(
        State(),
        *APPLE,
        SEVEN,
        make_trade("T1", "US", "AAPL", "2", "650", "2014-06-05"),
        make_trade("T2", "US", "AAPL", "-14", "93", "2014-06-10"),
        apple_bar("06-09 19:55", MONDAY),
    )
    line = apple_at(state, "2014-06-11", 0)
    assert line.quantity == 70
    cost = D(10 * 500 + 2 * 650) / 84
    assert abs(line.average_cost - cost) < D("1e-15")
    assert abs(line.realized_pnl_base - 14 * (93 - cost)) < D("1e-7")


def test_a_split_learned_late_makes_values_due_and_a_repeat_does_not() -> None:
    state = take(State(), *APPLE, apple_bar("06-06 19:55", FRIDAY), apple_bar("06-09 19:55", MONDAY))
    assert apple_at(state, "2014-06-09", 20).quantity == 10
    state.agenda.take()
    state.take_splits([SEVEN])
    (due,) = state.agenda.take()
    assert due.causes == ("split:AAPL:2014-06-09:1",)
    assert apple_at(state, "2014-06-09", 20).quantity == 70
    state.take_splits([SEVEN])
    assert state.agenda.take() == []
    state.take_splits([SEVEN], again=True)
    assert len(state.agenda.take()) == 1
    state.take_splits([SEVEN._replace(ratio=D(8), revision=2)])
    assert apple_at(state, "2014-06-09", 20).quantity == 80


FACTS = [
    *APPLE,
    SEVEN,
    make_portfolio("EU", "EUR"),
    make_fx_rate("EURUSD", "2014-06-05", "1.25"),
    make_fx_rate("EURUSD", "2014-06-09", "1.5"),
    make_trade("T1", "US", "AAPL", "2", "650", "2014-06-05"),
    make_trade("T2", "US", "AAPL", "-14", "93", "2014-06-10"),
    make_trade("T3", "EU", "AAPL", "5", "640", "2014-06-06", seq=1),
    make_trade("T4", "EU", "AAPL", "-9", "641", "2014-06-06", seq=2, fee=D(1)),
    make_position("EU", "AAPL", "-20", "92", as_of="2014-06-10"),
    structs.replace(make_tick("AAPL", "14:30", MONDAY), ts_event_us=to_us(moment("2014-06-12"))),
]


@settings(max_examples=60)
@given(st.permutations(FACTS), st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts: list[object], chance: random.Random) -> None:
    plain, busy = take(State(), *FACTS), State()
    for fact in facts:
        take(busy, fact)
        if chance.random() < 0.5:
            take(busy, chance.choice(FACTS[:6]))
        for name in busy.take_dirty():
            busy.value_live(name, "0", DAY)
    take(busy, *facts)
    for name in ("US", "EU"):
        assert encode(live(busy, name)) == encode(live(plain, name))
