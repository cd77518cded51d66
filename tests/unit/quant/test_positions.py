from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import Missing, PositionMark, mark_position

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
prices = st.decimals(min_value="0.0001", max_value="900000", places=8)
rates = st.decimals(min_value="0.00001", max_value="500", places=18)
CENT = Fraction(1, 10**8)


def mark(
    quantity: str, cost: str, price: str, fx: str, cost_fx: str | None, multiplier: str = "1"
) -> PositionMark:
    found = mark_position(
        quantity=Decimal(quantity),
        average_cost=Decimal(cost),
        multiplier=Decimal(multiplier),
        price=Decimal(price),
        fx_rate=Decimal(fx),
        cost_fx_rate=None if cost_fx is None else Decimal(cost_fx),
    )
    assert isinstance(found, PositionMark)
    return found


def test_worked_example_with_price_and_fx_part() -> None:
    found = mark("100", "50", "55", "0.80", "0.75")
    assert found == PositionMark(
        market_value=Decimal(5500),
        market_value_base=Decimal(4400),
        unrealized_pnl=Decimal(500),
        unrealized_pnl_base=Decimal(650),
        price_pnl_base=Decimal(400),
        fx_pnl_base=Decimal(250),
    )


def test_short_position_gains_when_the_price_falls() -> None:
    found = mark("-10", "20", "18", "1", "1", multiplier="100")
    assert (found.market_value, found.unrealized_pnl, found.fx_pnl_base) == (-18000, 2000, 0)


def test_without_rate_at_cost_the_total_is_as_unknown_as_its_fx_part() -> None:
    found = mark("100", "50", "55", "0.80", None)
    assert (found.price_pnl_base, found.fx_pnl_base, found.unrealized_pnl_base) == (400, None, None)


@pytest.mark.parametrize(("quantity", "cost"), [("0", "50"), ("100", "0")])
def test_what_cost_nothing_has_no_fx_part_at_any_rate(quantity: str, cost: str) -> None:
    found = mark(quantity, cost, "55", "0.80", None)
    assert (found.fx_pnl_base, found.unrealized_pnl_base) == (0, found.price_pnl_base)


def test_closed_position_is_zero_and_not_minus_zero() -> None:
    found = mark("0", "50", "40", "0.8", "0.9")
    fields = (found.market_value, found.market_value_base, found.unrealized_pnl, found.unrealized_pnl_base)
    assert all(value == 0 and not value.is_signed() for value in fields)


@pytest.mark.parametrize(
    ("price", "fx", "reason"),
    [
        (None, "1", "no_price"),
        ("1", None, "no_fx_rate"),
        ("NaN", "1", "not_finite"),
        ("1", "Infinity", "not_finite"),
    ],
)
def test_missing_input_is_a_reason_not_a_zero(price: str | None, fx: str | None, reason: str) -> None:
    found = mark_position(
        quantity=Decimal(1),
        average_cost=Decimal(1),
        multiplier=Decimal(1),
        price=None if price is None else Decimal(price),
        fx_rate=None if fx is None else Decimal(fx),
        cost_fx_rate=None,
    )
    assert isinstance(found, Missing)
    assert found.reason == reason


@given(amounts, prices, prices, rates, rates)
def test_parts_add_up_and_are_rounded_once(
    quantity: Decimal, cost: Decimal, price: Decimal, fx: Decimal, cost_fx: Decimal
) -> None:
    found = mark(str(quantity), str(cost), str(price), str(fx), str(cost_fx))
    q, c, p, f, cf = map(Fraction, (quantity, cost, price, fx, cost_fx))
    assert found.fx_pnl_base is not None
    assert Fraction(found.unrealized_pnl_base) == Fraction(found.price_pnl_base) + Fraction(found.fx_pnl_base)
    assert Fraction(found.market_value_base) == Fraction(round(q * p * f / CENT)) * CENT
    assert Fraction(found.price_pnl_base) == Fraction(round(q * (p - c) * f / CENT)) * CENT
    assert abs(Fraction(found.unrealized_pnl_base) - (q * p * f - q * c * cf)) <= CENT
