"""How much of a book hangs on few names."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    Concentration,
    GroupConcentration,
    Missing,
    concentration,
    effective_names,
    group_concentration,
    herfindahl,
    top_share,
)

books = st.lists(st.integers(-(10**9), 10**9).filter(bool).map(Decimal), min_size=1, max_size=30)


def found(result: Decimal | Missing) -> Decimal:
    assert isinstance(result, Decimal), result
    return result


def test_concentration_counts_shorts_by_size() -> None:
    book = {"A": Decimal(30), "B": Decimal(-50), "C": Decimal(20)}
    assert concentration(book) == Concentration("B", Decimal(50))


def test_concentration_edges() -> None:
    assert concentration({"X": Decimal("-7")}) == Concentration("X", Decimal(100))
    assert concentration({"B": Decimal(5), "A": Decimal(-5)}) == Concentration("A", Decimal(50))


@pytest.mark.parametrize("empty", [[], [Decimal(0)]])
def test_a_flat_book_has_no_share(empty: list[Decimal]) -> None:
    named = {str(place): value for place, value in enumerate(empty)}
    for result in (
        concentration(named),
        top_share(empty),
        herfindahl(empty),
        effective_names(empty),
        group_concentration((None, value) for value in empty),
    ):
        assert isinstance(result, Missing)
        assert result.reason == "flat_book"


def test_a_book_by_hand() -> None:
    book = [Decimal(value) for value in (40, -30, 20, 10)]
    assert top_share(book, 2) == Decimal(70)
    assert top_share(book) == Decimal(100)
    assert herfindahl(book) == Decimal("0.3")  # 0.16 + 0.09 + 0.04 + 0.01
    assert effective_names(book) == Decimal("3.333333333333")


def test_weights_of_the_net_asset_value() -> None:
    book = [Decimal(40), Decimal(-30)]
    assert top_share(book, 1, nav=Decimal(20)) == Decimal(200)
    assert herfindahl(book, nav=Decimal(20)) == Decimal("6.25")
    for nav in (Decimal(0), Decimal(-1)):
        result = herfindahl(book, nav=nav)
        assert isinstance(result, Missing)
        assert result.reason == "not_positive_value"


def test_the_hhi_of_the_us_horizontal_merger_guidelines() -> None:
    """Four firms with 30, 30, 20 and 20 percent have an HHI of 2,600 points (US Department of Justice)."""
    assert found(herfindahl([Decimal(30), Decimal(30), Decimal(20), Decimal(20)])) * 10_000 == 2600


@given(books)
def test_one_name_is_the_upper_and_equal_names_the_lower_bound(book: list[Decimal]) -> None:
    index = Fraction(found(herfindahl(book)))
    tolerance = Fraction(1, 10**12)
    assert Fraction(1, len(book)) - tolerance <= index <= 1
    assert 1 <= found(effective_names(book)) <= len(book)
    assert found(herfindahl([Decimal(3)] * len(book))) == pytest.approx(Decimal(1) / len(book))


@given(books, st.integers(1, 40))
def test_more_names_have_more_share_and_order_does_not_matter(book: list[Decimal], count: int) -> None:
    share = found(top_share(book, count))
    assert share <= found(top_share(book, count + 1)) <= 100
    assert share == top_share(book[::-1], count)
    assert top_share(book, 1) == pytest.approx(
        concentration({str(place): value for place, value in enumerate(book)}).percent  # type: ignore[union-attr]
    )


def test_a_count_of_none_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        top_share([Decimal(1)], 0)


def test_long_and_short_of_one_issuer_add_up_in_size() -> None:
    result = group_concentration([("Acme", Decimal(30)), ("Acme", Decimal(-30)), ("Bell", Decimal(40))])
    assert result == GroupConcentration("Acme", Decimal(60), Decimal(0), 2)


def test_what_has_no_label_is_a_group_and_can_be_the_largest() -> None:
    result = group_concentration([("Energy", Decimal(30)), (None, Decimal(50)), ("", Decimal(20))])
    assert result == GroupConcentration("Unclassified", Decimal(70), Decimal(70), 2)
