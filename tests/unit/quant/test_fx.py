from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    CrossRate,
    Missing,
    convert,
    cross_rate,
    currencies,
    rates_into,
    split_pair,
    triangulation_gap,
)

QUOTES = {
    "EURUSD": Decimal("1.37"),
    "GBPUSD": Decimal("1.61"),
    "USDJPY": Decimal("97.5"),
    "NZDCHF": Decimal("0.75"),
}
quotes = st.decimals(min_value="0.0001", max_value="20000", places=8)


def rate(source: str, target: str, table: dict[str, Decimal] = QUOTES, pivot: str = "USD") -> CrossRate:
    found = cross_rate(table, source, target, pivot)
    assert isinstance(found, CrossRate), found
    return found


def test_direct_inverse_cross_and_same() -> None:
    assert rate("EUR", "USD") == CrossRate(Decimal("1.37"), ("EURUSD",))
    assert rate("USD", "EUR") == CrossRate(Decimal("0.729927007299270073"), ("EURUSD",))
    assert rate("EUR", "GBP") == CrossRate(Decimal("0.850931677018633540"), ("EURUSD", "GBPUSD"))
    assert rate("JPY", "EUR").rate == Decimal("0.007486430844095078")
    assert rate("CHF", "CHF") == CrossRate(Decimal(1), ())


def test_unconnected_pair_is_a_value_not_one() -> None:
    found = cross_rate(QUOTES, "NZD", "USD")
    assert isinstance(found, Missing)
    assert found.reason == "no_fx_rate"
    assert "NZD" in found.message
    assert "USD" in found.message


def test_cross_needs_the_declared_pivot() -> None:
    table = {"EURCHF": Decimal("1.2"), "CHFPLN": Decimal("3.4")}
    assert isinstance(cross_rate(table, "EUR", "PLN"), Missing)
    assert rate("EUR", "PLN", table, pivot="CHF").rate == Decimal("4.08")


def test_direct_quote_is_preferred_to_the_cross() -> None:
    table = {**QUOTES, "EURGBP": Decimal("0.84")}
    assert rate("EUR", "GBP", table).pairs == ("EURGBP",)
    gap = triangulation_gap(table, "EURGBP")
    assert isinstance(gap, Decimal)
    assert gap == pytest.approx(
        Decimal("0.84") / (Decimal("1.37") / Decimal("1.61")) - 1, abs=Decimal("1e-17")
    )
    assert isinstance(triangulation_gap(QUOTES, "EURUSD"), Missing)


@pytest.mark.parametrize("bad", ["0", "-1.2", "NaN"])
def test_bad_quote_is_named(bad: str) -> None:
    found = cross_rate({"EURUSD": Decimal(bad)}, "USD", "EUR")
    assert isinstance(found, Missing)
    assert found.reason == "not_positive_value"
    assert "EURUSD" in found.message


@pytest.mark.parametrize("text", ["eurusd", "EURUS", "EURUSDX", "EUR/US", ""])
def test_pair_must_be_six_capitals(text: str) -> None:
    with pytest.raises(ValueError, match="six capital letters"):
        split_pair(text)


def test_rates_into_lists_connected_currencies_only() -> None:
    table = rates_into(QUOTES, "EUR")
    assert list(table) == ["EUR", "GBP", "JPY", "USD"]
    assert table["EUR"].rate == 1
    assert currencies(QUOTES) == {"EUR", "USD", "GBP", "JPY", "NZD", "CHF"}


@given(quotes, quotes)
def test_cross_is_the_exact_ratio_rounded_once(eurusd: Decimal, gbpusd: Decimal) -> None:
    exact = Fraction(eurusd) / Fraction(gbpusd)
    expected = Decimal(round(exact * 10**18)).scaleb(-18)
    assert rate("EUR", "GBP", {"EURUSD": eurusd, "GBPUSD": gbpusd}).rate == expected


@given(quotes)
def test_there_and_back_is_one_within_the_rounding(eurusd: Decimal) -> None:
    table = {"EURUSD": eurusd}
    back = rate("EUR", "USD", table).rate * rate("USD", "EUR", table).rate
    assert abs(back - 1) <= Decimal("1e-18") * eurusd


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=8), quotes)
def test_convert_rounds_half_even_to_eight_places(amount: Decimal, quote: Decimal) -> None:
    exact = Fraction(amount) * Fraction(quote)
    assert Fraction(convert(amount, quote)) == Fraction(round(exact * 10**8), 10**8)


def test_rates_are_written_without_exponent() -> None:
    assert str(rate("USD", "EUR", {"EURUSD": Decimal("0.01")}).rate) == "100"
    assert str(convert(Decimal("-0.00000000"), Decimal("1.5"))) == "0E-8"
