from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    CurrencyLeg,
    Exposure,
    Missing,
    OptionExposure,
    exposure,
    exposure_by,
    leverage,
    net_asset_value,
    option_exposure,
    pair_legs,
)

values = st.lists(st.decimals(min_value=-(10**25), max_value=10**25, places=8), max_size=20)


def test_long_short_book() -> None:
    found = exposure([Decimal(70), Decimal(-20), Decimal(10)])
    assert found == Exposure(long=Decimal(80), short=Decimal(-20), gross=Decimal(100), net=Decimal(60))


def test_empty_book_sums_to_zero() -> None:
    assert exposure([]) == Exposure(Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@given(values)
def test_identities_hold_exactly(book: list[Decimal]) -> None:
    found = exposure(book)
    long, short, gross, net = map(Fraction, (found.long, found.short, found.gross, found.net))
    assert gross == long - short
    assert net == long + short
    assert net == sum(map(Fraction, book))
    assert gross == sum(abs(Fraction(value)) for value in book)
    assert long >= 0 >= short


def test_groups_add_up_and_unknown_labels_are_kept() -> None:
    groups = exposure_by(
        [("etf", Decimal(5)), (None, Decimal(-2)), ("equity", Decimal(3)), ("etf", Decimal(-1))]
    )
    assert list(groups) == ["Unclassified", "equity", "etf"]
    assert groups["etf"] == Exposure(Decimal(5), Decimal(-1), Decimal(6), Decimal(4))
    assert sum(group.net for group in groups.values()) == 5


def test_leverage_is_gross_over_net_asset_value() -> None:
    book = exposure([Decimal(150), Decimal(-50)])
    nav = net_asset_value(book.net, Decimal(-60))
    assert nav == 40
    assert leverage(book.gross, nav) == Decimal(5)
    assert leverage(Decimal(1), Decimal(3)) == Decimal("0.333333333333")


def test_a_book_of_long_1_short_15_and_cash_15_has_a_nav_of_1() -> None:
    """Quant conventions of pyfolio: the short weighs -15 of the NAV but 15/16 of gross exposure."""
    book = exposure([Decimal(1), Decimal(-15)])
    assert net_asset_value(book.net, Decimal(15)) == 1
    assert leverage(book.gross, Decimal(1)) == 16


@pytest.mark.parametrize(
    ("gross", "nav", "reason"),
    [(0, 10, "flat_book"), (5, 0, "not_positive_value"), (5, -1, "not_positive_value")],
)
def test_no_leverage_has_a_reason(gross: int, nav: int, reason: str) -> None:
    found = leverage(Decimal(gross), Decimal(nav))
    assert isinstance(found, Missing)
    assert found.reason == reason


def test_a_pair_is_two_currencies() -> None:
    million = Decimal(1_000_000)
    legs = pair_legs("EURUSD", million, Decimal("1.10"), Decimal(1_100_000), Decimal(1_100_000))
    assert legs == (
        CurrencyLeg("EUR", million, Decimal(1_100_000)),
        CurrencyLeg("USD", Decimal(-1_100_000), Decimal(-1_100_000)),
    )


money = st.decimals(min_value=-(10**12), max_value=10**12, places=8)


@given(money, money)
def test_both_legs_are_worth_the_profit(market_value: Decimal, cost_value: Decimal) -> None:
    held, owed = pair_legs("GBPUSD", Decimal(-7), Decimal("1.6"), market_value, cost_value)
    assert Fraction(held.value) + Fraction(owed.value) == Fraction(market_value) - Fraction(cost_value)
    assert (held.amount, owed.amount) == (-7, Decimal("11.2"))


def test_a_long_put_is_a_short_exposure() -> None:
    found = option_exposure(
        delta=-0.25, quantity=Decimal(2), multiplier=Decimal(100), spot=50.0, fx_rate=Decimal("0.8")
    )
    assert found == OptionExposure(delta_adjusted=Decimal(-2000), notional=Decimal(8000))
