"""Values of whole portfolios: numbers worked out by hand, identities, and what is missing."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts import Valuation
from testkit.builders import (
    DAY,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    moment,
)
from valuation.core.state import State

HALF = Decimal("0.5")


def euro_book() -> State:
    """Long 10 IBM taken at 180 USD, short 20 SAP taken at 50 EUR, base EUR; EURUSD 1.25 then, 1.60 now."""
    state = State()
    for record in (make_instrument("IBM"), make_instrument("SAP", currency="EUR"), make_instrument("EURUSD")):
        state.take_instrument(record)
    state.take_portfolio(make_portfolio("EU", "EUR"))
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-04", "1.25"))
    state.take_position(make_position("EU", "IBM", "10", "180"))
    state.take_position(make_position("EU", "SAP", "-20", "50", currency="EUR"))
    state.take_tick(make_tick("EURUSD", "14:30", "1.6"))
    state.take_tick(make_tick("SAP", "14:30", "51.5", currency="EUR"))
    state.take_tick(make_tick("IBM", "14:31", "184"))
    return state


def value(state: State, portfolio_id: str = "EU") -> Valuation:
    found = state.value_live(portfolio_id, "1", DAY)
    assert found is not None
    return found


def reasons(valuation: Valuation) -> set[tuple[str, str]]:
    return {(note.symbol, note.reason) for note in valuation.coverage.notes}


def test_a_book_in_two_currencies_by_hand() -> None:
    found = value(euro_book())
    ibm, sap = found.positions
    assert (ibm.fx_rate, ibm.cost_fx_rate) == (Decimal("0.625"), Decimal("0.8"))
    assert (ibm.market_value, ibm.market_value_base) == (1840, 1150)
    assert (ibm.price_pnl_base, ibm.fx_pnl_base) == (25, -315)  # 40 * 0.625; 1800 * (0.625 - 0.8)
    assert (ibm.unrealized_pnl, ibm.unrealized_pnl_base) == (40, -290)
    assert (sap.market_value_base, sap.unrealized_pnl_base, sap.fx_pnl_base) == (-1030, -30, 0)
    assert (found.market_value, found.unrealized_pnl) == (120, -320)
    assert (found.unrealized_price_pnl, found.unrealized_fx_pnl) == (-5, -315)
    assert (found.long_exposure, found.short_exposure) == (1150, -1030)
    assert (found.gross_exposure, found.net_exposure) == (2180, 120)
    assert found.as_of == moment("14:31")
    assert found.fx_rates == {"EUR": 1, "USD": Decimal("0.625")}
    assert found.coverage.complete
    assert found.valuation_id == "EU:last:2013-10-07T14:31:00Z:1"
    assert (ibm.price_id, ibm.fx_id, sap.fx_id) == ("test/IBM/1", "test/EURUSD/1", "same")
    assert found.source_ts_us == make_tick("IBM", "14:31", "184").ts_ingest_us


def test_the_multiplier_counts_everywhere() -> None:
    state = euro_book()
    state.take_instrument(make_instrument("IBM", multiplier=Decimal(100)))
    ibm = value(state).positions[0]
    assert (ibm.market_value_base, ibm.price_pnl_base, ibm.fx_pnl_base) == (115000, 2500, -31500)


def test_money_is_rounded_half_even_to_eight_places_once() -> None:
    state = State()
    state.take_instrument(make_instrument("IBM"))
    state.take_portfolio(make_portfolio("US"))
    state.take_position(make_position("US", "IBM", "0.5", "0.00000001"))
    state.take_tick(make_tick("IBM", "14:30", "0.00000005"))
    found = value(state, "US")
    assert found.market_value == Decimal("2E-8")  # 2.5E-8 to the even neighbour
    assert found.unrealized_pnl == Decimal("2E-8")


def test_a_price_that_is_missing_is_listed_and_never_zero() -> None:
    state = euro_book()
    state.take_instrument(make_instrument("BAC"))
    state.take_position(make_position("EU", "BAC", "100", "14"))
    state.take_position(make_position("EU", "WHO", "1", "1"))
    found = value(state)
    assert found.market_value == 120
    assert reasons(found) == {("BAC", "no_price"), ("WHO", "unknown_instrument")}
    coverage = found.coverage
    assert (coverage.positions, coverage.priced, coverage.unpriced, coverage.complete) == (4, 2, 2, False)
    assert {line.symbol for line in found.positions if line.market_value_base is None} == {"BAC", "WHO"}


def test_an_unconnected_currency_is_no_rate_and_not_one() -> None:
    state = euro_book()
    state.take_instrument(make_instrument("NESN", currency="CHF"))
    state.take_position(make_position("EU", "NESN", "10", "60", currency="CHF"))
    state.take_tick(make_tick("NESN", "14:31", "65", currency="CHF"))
    found = value(state)
    nesn = found.positions[1]
    assert ("NESN", "no_fx_rate") in reasons(found)
    assert (nesn.market_value, nesn.market_value_base, nesn.fx_rate) == (650, None, None)
    assert found.market_value == 120
    assert "CHF" not in found.fx_rates


def test_a_price_in_another_currency_is_not_used() -> None:
    state = euro_book()
    state.take_tick(make_tick("SAP", "14:32", "70", currency="USD", seq=9))
    found = value(state)
    assert ("SAP", "currency_mismatch") in reasons(found)
    assert found.positions[1].price is None
    assert found.market_value == 1150


def test_sums_are_null_only_when_something_is_held_and_nothing_priced() -> None:
    state = State()
    state.take_instrument(make_instrument("BAC"))
    for name in ("EMPTY", "DARK"):
        state.take_portfolio(make_portfolio(name))
    state.take_position(make_position("DARK", "BAC", "1"))
    state.take_tick(make_tick("IBM", "14:30", "184"))
    empty, dark = value(state, "EMPTY"), value(state, "DARK")
    assert (empty.market_value, empty.unrealized_pnl, empty.gross_exposure) == (0, 0, 0)
    assert empty.coverage.complete
    assert (dark.market_value, dark.unrealized_pnl, dark.gross_exposure) == (None, None, None)
    assert dark.coverage.oldest_price_age_seconds is None


def test_old_prices_and_rates_are_flagged_and_still_used() -> None:
    state = euro_book()
    state.take_tick(make_tick("IBM", "14:46", "184", seq=2))
    found = value(state)
    assert reasons(found) == {("IBM", "stale_fx_rate"), ("SAP", "stale_price")}
    assert (found.coverage.stale, found.coverage.priced, found.coverage.complete) == (2, 2, False)
    assert found.coverage.oldest_price_age_seconds == 960
    assert found.market_value == 120
    assert [line.stale for line in found.positions] == [True, True]


def test_a_daily_rate_is_fresh_for_its_whole_day() -> None:
    state = euro_book()
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-08", "1.28"))
    state.take_tick(make_tick("IBM", "38:00", "184", seq=2))  # 14:00 of the next day
    assert ("IBM", "stale_fx_rate") not in reasons(value(state))
    assert value(state).positions[0].fx_rate == Decimal("0.78125")


def test_a_rate_from_the_future_is_never_used() -> None:
    state = euro_book()
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-08", "9"))
    assert value(state).positions[0].fx_rate == Decimal("0.625")


def test_without_a_rate_at_cost_the_fx_part_is_unknown() -> None:
    state = euro_book()
    state.take_instrument(make_instrument("BAC"))
    state.take_position(make_position("EU", "BAC", "100", "14", as_of="2012-01-02"))
    state.take_tick(make_tick("BAC", "14:31", "16"))
    found = value(state)
    bac = found.positions[0]
    assert (bac.fx_pnl_base, bac.price_pnl_base, bac.unrealized_pnl_base) == (None, 125, None)
    assert ("BAC", "no_cost_fx_rate") in reasons(found)
    assert found.unrealized_pnl is None, "a total without one FX part would take that part as zero"
    assert (found.unrealized_price_pnl, found.unrealized_fx_pnl) == (120, -315)
    assert found.coverage.complete, "the value is whole"


def test_a_rate_told_with_the_position_comes_first() -> None:
    state = euro_book()
    state.take_position(make_position("EU", "IBM", "10", "180", cost_fx_rate=HALF))
    assert value(state).positions[0].fx_pnl_base == 1800 * (Decimal("0.625") - HALF)


def test_cash_is_worth_one_and_never_old() -> None:
    state = euro_book()
    state.take_instrument(make_instrument("CASH-USD", asset_class="cash"))
    state.take_position(make_position("EU", "CASH-USD", "1000", "1"))
    cash = value(state).positions[0]
    assert (cash.price, cash.price_id, cash.price_age_seconds) == (1, "cash", 0)
    assert (cash.market_value_base, cash.price_pnl_base, cash.fx_pnl_base) == (625, 0, -175)
    assert value(state).market_value == 120 + 625
    assert value(state).net_exposure == 120  # money is no exposure


def test_a_position_dated_later_is_used_and_noted() -> None:
    state = euro_book()
    state.take_position(make_position("EU", "EURUSD", "100", "1.5", as_of="2013-11-01"))
    found = value(state)
    assert ("EURUSD", "position_dated_later") in reasons(found)
    assert found.positions[0].market_value_base == 100  # 100 EUR, worth 160 USD


QUANTITY = st.decimals("-100000", "100000", places=3).filter(bool)
PRICE = st.decimals("0.0001", "100000", places=4)


@given(
    st.lists(st.tuples(QUANTITY, PRICE, PRICE, st.booleans(), st.booleans()), max_size=8),
    st.decimals("0.5", "2", places=5),
    st.decimals("0.5", "2", places=5),
)
def test_everything_reconciles_exactly(lines: list, then: Decimal, now: Decimal) -> None:
    state = State()
    state.take_portfolio(make_portfolio("P", "EUR"))
    state.take_instrument(make_instrument("EURUSD"))
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-04", str(then)))
    state.take_tick(make_tick("EURUSD", "14:30", str(now)))
    for index, (quantity, cost, price, foreign, priced) in enumerate(lines):
        symbol, currency = f"S{index}", "USD" if foreign else "EUR"
        state.take_instrument(make_instrument(symbol, currency=currency))
        state.take_position(make_position("P", symbol, str(quantity), str(cost), currency=currency))
        if priced:
            state.take_tick(make_tick(symbol, "14:30", str(price), currency=currency))
    found = value(state, "P")
    priced = [line for line in found.positions if line.market_value_base is not None]
    assert found.coverage.priced == len(priced)
    assert found.coverage.positions == found.coverage.priced + found.coverage.unpriced == len(lines)
    if lines and not priced:
        assert found.market_value is None
        return
    assert found.market_value == found.net_exposure == sum(line.market_value_base for line in priced)
    assert found.net_exposure == found.long_exposure + found.short_exposure
    assert found.gross_exposure == found.long_exposure - found.short_exposure
    assert found.unrealized_pnl == sum(line.unrealized_pnl_base for line in priced)
    assert found.unrealized_price_pnl == sum(line.price_pnl_base for line in priced)
    assert found.unrealized_fx_pnl == sum(line.fx_pnl_base for line in priced)
    assert found.unrealized_pnl == found.unrealized_price_pnl + found.unrealized_fx_pnl
