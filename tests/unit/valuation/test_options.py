"""Options in live and official values: own price or model, evidence, and what moves them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts import Instrument, OptionTerms, PositionValue, Valuation
from quant import black_scholes_merton, implied_volatility
from testkit.builders import (
    DAY,
    make_bar,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    moment,
)
from valuation.adapters.rows import position_rows
from valuation.core.official import Stored, digest, revise
from valuation.core.state import State

EXPIRY = datetime(2013, 12, 20, 21, tzinfo=UTC)


def make_option(symbol: str = "SPY-PUT", **fields: Any) -> Instrument:
    """A put of 100 units, struck at 165, that expires on 2013-12-20."""
    defaults: dict[str, Any] = {
        "asset_class": "option",
        "multiplier": Decimal(100),
        "underlying": "SPY",
        "strike": Decimal(165),
        "expiry": EXPIRY,
        "option_right": "put",
        "volatility": Decimal("0.16"),
        "interest_rate": Decimal("0.01"),
        "dividend_yield": Decimal("0.02"),
    }
    return make_instrument(symbol, **{**defaults, **fields})


def book(*instruments: Instrument, symbol: str = "SPY-PUT") -> State:
    """A portfolio P with 20 puts, and one that holds nothing."""
    state = State()
    for record in (make_instrument("SPY", asset_class="etf"), *(instruments or (make_option(),))):
        state.take_instrument(record)
    state.take_portfolio(make_portfolio("P"))
    state.take_portfolio(make_portfolio("OTHER"))
    state.take_position(make_position("P", symbol, "20", "5"))
    return state


def value(state: State, portfolio_id: str = "P") -> Valuation:
    found = state.value_live(portfolio_id, "1", DAY)
    assert found is not None
    return found


def line(state: State) -> PositionValue:
    return value(state).positions[0]


def reasons(valuation: Valuation) -> set[tuple[str, str]]:
    return {(note.symbol, note.reason) for note in valuation.coverage.notes}


def terms(found: PositionValue) -> OptionTerms:
    assert found.option is not None
    return found.option


def model(spot: float, volatility: float, at: str = "14:30", right: str = "put") -> float:
    years = (EXPIRY - moment(at)).total_seconds() / 86_400 / 365
    return float(black_scholes_merton(right, spot, 165, years, volatility, 0.01, 0.02))  # type: ignore[arg-type]


def test_without_a_price_of_its_own_the_model_prices_it() -> None:
    state = book()
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    found = line(state)
    price = model(167.5, 0.16)
    assert found.price == round(Decimal(price), 8)
    assert found.market_value == found.price * 2000
    assert found.unrealized_pnl == (found.price - 5) * 2000
    assert (found.price_id, found.price_age_seconds) == ("model:bsm:test/SPY/1", 0)
    option = terms(found)
    assert (option.underlying, option.option_right, option.strike) == ("SPY", "put", 165.0)
    assert (option.spot, option.volatility, option.implied) == (167.5, 0.16, False)
    assert option.years == pytest.approx((EXPIRY - moment("14:30")).total_seconds() / 31_536_000)
    slope = (model(167.51, 0.16) - model(167.49, 0.16)) / 0.02
    assert option.delta == pytest.approx(slope, abs=1e-6)
    assert option.delta < 0 < option.gamma
    assert value(state).coverage.complete


def test_its_own_price_comes_first_and_implies_a_volatility() -> None:
    state = book()
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    state.take_tick(make_tick("SPY-PUT", "14:31", "4.2"))
    found = line(state)
    assert (found.price, found.price_id, found.market_value) == (Decimal("4.2"), "test/SPY-PUT/1", 8400)
    option = terms(found)
    assert option.implied
    assert model(167.5, option.volatility, "14:31") == pytest.approx(4.2)
    assert option.volatility == implied_volatility("put", 4.2, 167.5, 165.0, option.years, 0.01, 0.02)


def test_a_price_that_no_volatility_explains_gives_way_to_the_model() -> None:
    state = book()
    state.take_tick(make_tick("SPY-PUT", "14:30", "4.2"))
    state.take_tick(make_tick("SPY", "14:31", "150"))  # intrinsic value is now 15
    found = line(state)
    assert found.price == round(Decimal(model(150, 0.16, "14:31")), 8)
    assert (found.price_id, terms(found).implied) == ("model:bsm:test/SPY/1", False)


def test_an_old_price_of_the_underlying_is_an_old_price_of_the_option() -> None:
    state = book()
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    state.take_tick(make_tick("IBM", "14:50", "180"))
    found = value(state)
    assert reasons(found) == {("SPY-PUT", "stale_price")}
    assert found.positions[0].price_age_seconds == 1200
    assert terms(found.positions[0]).years < (EXPIRY - moment("14:30")).total_seconds() / 31_536_000


@pytest.mark.parametrize(
    "instrument",
    [make_option(volatility=None), make_option(underlying="QQQ"), make_option(strike=None)],
    ids=["no volatility", "no price of the underlying", "unknown terms"],
)
def test_what_cannot_be_priced_is_listed(instrument: Instrument) -> None:
    state = book(instrument)
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    found = value(state)
    assert reasons(found) == {("SPY-PUT", "no_price")}
    assert (found.market_value, found.positions[0].option) == (None, None)


def test_its_own_price_needs_no_volatility_and_no_underlying() -> None:
    state = book(make_option(underlying="QQQ"))
    state.take_tick(make_tick("SPY-PUT", "14:31", "4.2"))
    assert (line(state).market_value, line(state).option) == (8400, None)


def test_after_its_end_it_has_no_price() -> None:
    state = book(make_option(expiry=moment("15:00")))
    state.take_tick(make_tick("SPY-PUT", "14:30", "4.2"))
    state.take_tick(make_tick("SPY", "15:00", "160.00"))
    assert line(state).price == 5  # at the very end the intrinsic value
    state.take_tick(make_tick("SPY", "15:00:01", "160.00", seq=2))
    assert reasons(value(state)) == {("SPY-PUT", "no_price")}


def test_a_tick_of_the_underlying_values_the_books_that_hold_the_option() -> None:
    state = book()
    state.take_dirty()
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    state.take_dirty()
    state.take_tick(make_tick("SPY", "14:30:01", "168", seq=2))
    assert state.take_dirty() == ["P"]
    before = line(state).price
    state.take_tick(make_tick("SPY", "14:30:02", "169", seq=3))
    assert line(state).price < before  # type: ignore[operator]
    state.take_instrument(make_option(underlying="QQQ"))
    state.take_dirty()
    state.take_tick(make_tick("SPY", "14:30:03", "170", seq=4))
    assert state.take_dirty() == []


def test_an_official_value_uses_the_close_of_the_underlying_and_is_due_with_it() -> None:
    state = book()
    state.take_tick(make_tick("SPY", "14:31", "170"))
    state.take_bar(make_bar("SPY", "14:30", "167.5"))
    (due,) = state.agenda.take()
    found = state.value_official(due, DAY)
    assert found is not None
    (official,) = found.positions
    assert official.price == round(Decimal(model(167.5, 0.16, "14:35")), 8)
    assert official.price_id == "model:bsm:bar:SPY:2013-10-07T14:30:00Z:1"
    (row,) = position_rows(found)
    assert (row["option"]["spot"], row["evidence"]["price"]) == (167.5, official.price_id)
    assert line(state).price_id == "model:bsm:test/SPY/1"


def test_a_new_volatility_makes_official_values_due_again() -> None:
    state = book()
    state.take_bar(make_bar("SPY", "14:30", "167.5"))
    state.agenda.take()
    state.take_instrument(make_option(volatility=Decimal("0.20")))
    assert [due.portfolio_id for due in state.agenda.take()] == ["P"]


def test_an_option_on_a_pair_is_priced_by_garman_kohlhagen() -> None:
    option = make_option("EURCALL", underlying="EURUSD", strike=Decimal("1.35"), option_right="call")
    state = book(option, make_instrument("EURUSD"), symbol="EURCALL")
    state.take_tick(make_tick("EURUSD", "14:30", "1.36"))
    found = line(state)
    assert found.price_id == "model:gk:test/EURUSD/1"
    years = terms(found).years
    expected = black_scholes_merton("call", 1.36, 1.35, years, 0.16, 0.01, 0.02)
    assert found.price == round(Decimal(float(expected)), 8)  # type: ignore[arg-type]


def test_a_short_call_in_another_currency_is_exact_money() -> None:
    option = make_option("CALL", option_right="call")
    state = book(option, make_instrument("EURUSD"), symbol="CALL")
    state.take_portfolio(make_portfolio("EU", "EUR"))
    state.take_position(make_position("EU", "CALL", "-3", "5", cost_fx_rate=Decimal("0.75")))
    state.take_tick(make_tick("EURUSD", "14:30", "1.25"))
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    (found,) = value(state, "EU").positions
    assert found.price is not None
    assert found.market_value_base == round(found.price * -300 * Decimal("0.8"), 8)
    assert found.unrealized_pnl_base == found.price_pnl_base + found.fx_pnl_base  # type: ignore[operator]


@pytest.mark.parametrize(
    "wrong",
    [
        {"strike": Decimal(0)},
        {"volatility": Decimal("-0.1")},
        {"volatility": Decimal(16)},
        {"interest_rate": Decimal(5)},
        {"dividend_yield": Decimal("NaN")},
        {"underlying": "SPY-PUT"},
    ],
)
def test_terms_that_no_option_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="SPY-PUT"):
        State().take_instrument(make_option(**wrong))


def test_a_parent_merges_the_option_positions_of_its_books() -> None:
    state = book()
    state.take_portfolio(make_portfolio("TOP"))
    for name in ("P", "OTHER"):
        state.take_portfolio(make_portfolio(name, parent_id="TOP"))
    state.take_position(make_position("OTHER", "SPY-PUT", "-5", "4"))
    state.take_dirty()
    state.take_tick(make_tick("SPY", "14:30", "167.5"))
    assert set(state.take_dirty()) == {"P", "OTHER", "TOP"}
    (merged,) = value(state, "TOP").positions
    (own,) = value(state).positions
    assert (merged.quantity, merged.price, merged.option) == (15, own.price, own.option)
    assert merged.market_value == own.price * 1500  # type: ignore[operator]


def test_a_corrected_close_of_the_underlying_restates_an_option_at_its_own_price() -> None:
    """The value is the same, what greeks and risk are made of is not."""
    state = book()
    for bar in (make_bar("SPY", "14:30", "167.5"), make_bar("SPY-PUT", "14:30", "4.2")):
        state.take_bar(bar)
    (due,) = state.agenda.take()
    first = state.value_official(due, DAY)
    assert first is not None
    stored = Stored(1, digest(first), None, None)
    assert revise(first, stored) is None
    state.take_bar(make_bar("SPY", "14:30", "167.9", revision=2))
    second = state.value_official(due, DAY)
    assert second is not None
    assert second.market_value == first.market_value
    revised = revise(second, stored)
    assert revised is not None
    assert (revised.revision, terms(revised.positions[0]).spot) == (2, 167.9)
