"""From a valuation to answers."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from api_gateway.core import values
from api_gateway.core.conversion import Converted, Unconnected, in_currency
from api_gateway.schemas.common import Money
from contracts import OptionTerms
from testkit.builders import make_position_value, make_valuation

RATES = {"EUR": Decimal(1), "USD": Decimal("0.736539736318774398"), "GBP": Decimal("1.18")}
PRICES = st.decimals("0.0001", "5000", places=4)
QUANTITIES = st.integers(-10_000, 10_000).filter(bool)


def book(*lines: tuple[str, int, Decimal | None]) -> Converted:
    positions = [
        make_position_value(symbol, str(quantity), None if price is None else str(price), "0.7365")
        for symbol, quantity, price in lines
    ]
    found = in_currency(make_valuation("B", "14:00", *positions, currency="EUR", fx_rates=RATES), None)
    assert isinstance(found, Converted)
    return found


@given(
    st.lists(st.tuples(st.sampled_from("ABCDE"), QUANTITIES, PRICES), max_size=6),
    st.sampled_from(["USD", "GBP"]),
)
def test_sums_in_another_currency_are_sums_of_the_shown_positions(
    lines: list[tuple[str, int, Decimal]], currency: str
) -> None:
    found = in_currency(book(*lines).valuation, currency)
    assert isinstance(found, Converted)
    value = values.value(found, "EUR")
    shown = [line.market_value_base for line in values.positions(found.valuation).data]
    assert value.market_value is not None
    assert value.market_value.amount == sum((one.amount for one in shown if one), Decimal(0))
    assert value.net_exposure == value.market_value
    assert {one.currency for one in shown if one} <= {currency}


def test_own_currency_is_not_recalculated() -> None:
    valuation = book(("A", 3, Decimal("1.23"))).valuation
    found = in_currency(valuation, "EUR")
    assert isinstance(found, Converted)
    assert found.valuation is valuation


def test_unconnected_currency_lists_what_is_connected() -> None:
    found = in_currency(book(("A", 1, Decimal(1))).valuation, "JPY")
    assert found == Unconnected(("EUR", "GBP", "USD"))


def test_an_unknown_total_stays_unknown_in_every_currency() -> None:
    """Also where the FX part of one holder of a merged line is known."""
    parts = {"price_pnl_base": Decimal(5), "fx_pnl_base": Decimal(2)}
    known = make_position_value("A", "3", "1.23", "0.7365", **parts, unrealized_pnl_base=Decimal(7))
    merged = replace(known, symbol="B", unrealized_pnl_base=None)
    valuation = make_valuation("B", "14:00", known, merged, currency="EUR", fx_rates=RATES)
    found = in_currency(replace(valuation, unrealized_pnl=None), "USD")
    assert isinstance(found, Converted)
    assert found.valuation.unrealized_pnl is None
    assert [line.unrealized_pnl_base is None for line in found.valuation.positions] == [False, True]
    assert found.valuation.unrealized_price_pnl is not None


def test_nothing_priced_is_null_in_every_currency() -> None:
    found = in_currency(book(("A", 1, None)).valuation, "USD")
    assert isinstance(found, Converted)
    value = values.value(found, "EUR")
    assert value.market_value is None
    assert value.gross_exposure is None
    assert value.coverage.unpriced == 1


def test_empty_book_is_worth_zero() -> None:
    value = values.value(book(), "EUR")
    assert value.market_value is not None
    assert value.market_value.amount == 0
    assert (value.leverage, value.leverage_reason) == (None, "flat_book")


def test_value_tells_cash_nav_and_leverage() -> None:
    share = make_position_value("IBM", "10", "10")
    cash = make_position_value("USD", "-60", "1", asset_class="cash")
    found = in_currency(make_valuation("B", "14:00", share, cash), None)
    assert isinstance(found, Converted)
    value = values.value(found, "USD")
    assert (value.cash, value.nav) == (Money(Decimal(-60), "USD"), Money(Decimal(40), "USD"))
    assert value.leverage == Decimal("2.5")
    assert value.market_value == value.nav


def test_an_option_shows_what_it_was_priced_with() -> None:
    terms = OptionTerms(
        underlying="SPY",
        option_right="put",
        strike=165.0,
        years=0.25,
        spot=167.5,
        volatility=0.16,
        interest_rate=0.01,
        dividend_yield=0.02,
        implied=True,
        delta=-0.41,
        gamma=0.03,
        vega=0.32,
        theta=-0.03,
        rho=-0.18,
    )
    position = make_position_value("SPY-P", "20", "4.2", asset_class="option", option=terms)
    share = make_position_value("SPY", "20", "167.5")
    found = values.positions(make_valuation("B", "14:00", position, share))
    assert {line.symbol: line.option for line in found.data} == {"SPY-P": terms, "SPY": None}
