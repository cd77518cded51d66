"""Daily profit: the parts add up, the identity holds, what is missing is not zero."""

from decimal import Decimal as D
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import DayPnl, Fill, Missing, daily_pnl, sum_days, top_movers
from quant.money import EXACT, product

CENT = D("0.00000001")
prices = st.decimals("0.01", "5000", places=2)
rates = st.decimals("0.5", "2", places=4)
units = st.decimals("-10000", "10000", places=0)
fills = st.lists(
    st.builds(Fill, quantity=units.filter(bool), price=prices, fee=st.decimals("0", "50", places=2)),
    max_size=5,
)


def day(**changes: object) -> DayPnl:
    inputs: dict[str, object] = {
        "quantity": D(100),
        "opening_price": D("48.60"),
        "closing_price": D("49.10"),
        "opening_fx_rate": D("0.74"),
        "closing_fx_rate": D("0.75"),
    }
    found = daily_pnl(**(inputs | changes))  # type: ignore[arg-type]
    assert isinstance(found, DayPnl), found
    return found


def reason(**changes: object) -> str:
    inputs: dict[str, object] = {
        "quantity": D(100),
        "opening_price": D(48),
        "closing_price": D(49),
        "opening_fx_rate": D(1),
        "closing_fx_rate": D(1),
    }
    found = daily_pnl(**(inputs | changes))  # type: ignore[arg-type]
    assert isinstance(found, Missing)
    return found.reason


def test_the_parts_of_a_day_with_everything_in_it() -> None:
    found = day(fills=[Fill(D(20), D("48.80"), fee=D(4))], dividend=D("0.10"))
    assert found.price == D(100) * D("0.50") * D("0.75")
    assert found.fx == D(100) * D("48.60") * D("0.01")
    assert found.trading == D(20) * D("0.30") * D("0.75")
    assert found.income == D("7.5")
    assert found.fees == D(3)
    assert found.total == D("37.5") + D("48.6") + D("4.5") + D("7.5") - D(3)
    assert found.closing_quantity == 120
    assert found.hypothetical == D("93.6")
    assert found.actual == found.total + 3


@given(units, prices, prices, rates, rates, fills, st.sampled_from([D(1), D(7), D("0.1"), D(100)]))
def test_the_identity_holds_exactly_where_nothing_is_rounded(q0, p0, p1, fx0, fx1, traded, ratio) -> None:  # type: ignore[no-untyped-def]
    # 0 + 2 + 4 places, and one more of the ratio: all amounts fit into 8 places.
    found = day(
        quantity=q0,
        opening_price=p0,
        closing_price=p1,
        opening_fx_rate=fx0,
        closing_fx_rate=fx1,
        fills=traded,
        split_ratio=ratio,
        dividend=D("0.25"),
    )
    if not q0 and not traded:
        assert found.total == 0
        return
    closing = EXACT.add(product(q0, ratio), sum((fill.quantity for fill in traded), D(0)))
    paid = sum((product(fill.quantity, fill.price) for fill in traded), D(0))
    fees = sum((fill.fee for fill in traded), D(0)) * fx1
    expected = product(closing, p1, fx1) - product(q0, p0, fx0) - paid * fx1 + product(q0, D("0.25"), fx1)
    assert found.total == expected - fees
    assert found.total == (found.closing_value - found.opening_value - found.flow + found.income - found.fees)


@given(
    st.decimals("-1000", "1000", places=6),
    st.decimals("0.0001", "500", places=8),
    st.decimals("0.0001", "500", places=8),
    st.decimals("0.001", "200", places=12),
    st.decimals("0.001", "200", places=12),
)
def test_the_identity_holds_within_rounding_of_the_parts(q0, p0, p1, fx0, fx1) -> None:  # type: ignore[no-untyped-def]
    found = day(quantity=q0, opening_price=p0, closing_price=p1, opening_fx_rate=fx0, closing_fx_rate=fx1)
    if q0:
        exact = EXACT.subtract(product(q0, p1, fx1), product(q0, p0, fx0))
        assert abs(EXACT.subtract(found.total, exact)) <= CENT
    assert found.total == found.price + found.fx + found.trading + found.income - found.fees


@given(fills)
def test_the_order_of_fills_does_not_matter(traded) -> None:  # type: ignore[no-untyped-def]
    found = day(fills=traded)
    assert all(day(fills=order) == found for order in list(permutations(traded))[:12])


@given(units, prices, prices, st.sampled_from([D(2), D(7), D("1.5"), D("0.125")]))
def test_a_split_changes_nothing_but_units(q0, p0, p1, ratio) -> None:  # type: ignore[no-untyped-def]
    plain = day(quantity=q0, opening_price=p0, closing_price=p1 * ratio)
    split = day(quantity=q0, opening_price=p0, closing_price=p1, split_ratio=ratio)
    assert split.total == plain.total
    assert split.closing_quantity == q0 * ratio


def test_apple_on_its_split_day() -> None:
    # Unadjusted closes 645.57 and 93.70, seven new shares per old one on 2014-06-09.
    found = day(
        quantity=D(400),
        opening_price=D("645.57"),
        closing_price=D("93.70"),
        opening_fx_rate=D(1),
        closing_fx_rate=D(1),
        split_ratio=D(7),
    )
    assert found.total == D(2800) * D("93.70") - D(400) * D("645.57") == D(4132)


def test_a_holiday_of_the_exchange_leaves_the_rate_alone() -> None:
    found = day(closing_price=D("48.60"))
    assert (found.price, found.fx, found.total) == (0, D("48.6"), D("48.6"))


def test_a_short_position_pays_the_dividend() -> None:
    found = day(quantity=D(-100), closing_price=D("48.60"), closing_fx_rate=D("0.74"), dividend=D("0.5"))
    assert found.total == found.income == D(-37)


def test_what_is_missing_is_not_zero() -> None:
    assert reason(closing_price=None) == "no_price"
    assert reason(opening_price=None) == "no_price"
    assert reason(closing_fx_rate=None) == "no_fx_rate"
    assert reason(opening_fx_rate=None) == "no_fx_rate"
    assert reason(closing_price=D("NaN")) == "not_finite"
    assert reason(closing_fx_rate=D(0)) == "not_positive_value"
    assert reason(quantity=D(0), closing_price=None, fills=[Fill(D(1), D(5))]) == "no_price"


def test_a_position_opened_today_needs_no_previous_close() -> None:
    found = day(quantity=D(0), opening_price=None, opening_fx_rate=None, fills=[Fill(D(10), D(49))])
    assert (found.price, found.fx, found.opening_value) == (0, 0, 0)
    assert found.total == found.trading == D(10) * D("0.10") * D("0.75")


def test_nothing_held_and_nothing_done_is_zero_without_any_price() -> None:
    empty = daily_pnl(
        quantity=D(0), opening_price=None, closing_price=None, opening_fx_rate=None, closing_fx_rate=None
    )
    assert isinstance(empty, DayPnl)
    assert empty.total == 0


def test_the_multiplier_is_in_every_term() -> None:
    fill = Fill(D(20), D("48.80"))
    one, hundred = day(fills=[fill]), day(fills=[fill], multiplier=D(100))
    for part in ("price", "fx", "trading", "opening_value", "closing_value", "flow"):
        assert getattr(hundred, part) == 100 * getattr(one, part)


def test_a_call_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError):
        day(split_ratio=D(0))
    with pytest.raises(ValueError):
        day(multiplier=D(-1))
    with pytest.raises(ValueError):
        top_movers({}, -1)


def test_days_add_up_part_by_part() -> None:
    days = [day(fills=[Fill(D(3), D(47), fee=D("0.5"))]), day(quantity=D(-7), dividend=D("0.2"))]
    book = sum_days(days)
    assert book.total == days[0].total + days[1].total
    assert book.price == days[0].price + days[1].price
    assert sum_days([]).total == 0


def test_movers_are_in_a_stable_order() -> None:
    totals = {"SPY": D(5), "AIG": D(5), "IBM": D(9), "BAC": D(-1), "WM": D(-3), "EEM": D(0)}
    gainers, losers = top_movers(totals, 2)
    assert gainers == [("IBM", D(9)), ("AIG", D(5))]
    assert losers == [("WM", D(-3)), ("BAC", D(-1))]
    assert top_movers(dict(reversed(totals.items())), 2) == (gainers, losers)
