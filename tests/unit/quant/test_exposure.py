from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quant import Concentration, Exposure, Missing, concentration, exposure, exposure_by

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


def test_concentration_counts_shorts_by_size() -> None:
    book = {"A": Decimal(30), "B": Decimal(-50), "C": Decimal(20)}
    assert concentration(book) == Concentration("B", Decimal(50))


def test_concentration_edges() -> None:
    assert concentration({"X": Decimal("-7")}) == Concentration("X", Decimal(100))
    assert concentration({"B": Decimal(5), "A": Decimal(-5)}) == Concentration("A", Decimal(50))
    for empty in ({}, {"A": Decimal(0)}):
        found = concentration(empty)
        assert isinstance(found, Missing)
        assert found.reason == "flat_book"
