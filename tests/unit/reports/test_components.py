"""What VaR is made of: order, sums, what is shown of a large book, what is missing."""

from decimal import Decimal as D
from typing import Any

import pytest
from tests.unit.reports.risks import BOOK, closing, component, position, risk_rows

from reports.core.document import Absent, Row
from reports.core.risk.building import risk_exposure
from reports.core.risk.component_tables import ADDING, HEDGING, all_components, component_table
from reports.core.risk.rows import Component, RiskRows
from reports.core.risk.shapes import BookRisk

AMOUNTS = [100, 90, 80, 70, 60, 50, 40, 0, -10, -20, -30, -40]
TOTAL = sum(AMOUNTS)


def only(rows: RiskRows) -> BookRisk:
    (book,) = risk_exposure(rows).portfolios
    return book


def large() -> BookRisk:
    """Twelve positions of 10 each; expected shortfall is made of the same parts."""
    symbols = [f"S{place:02}" for place in range(len(AMOUNTS))]
    parts = [
        component(symbol, str(amount), 100 * amount / TOTAL, measure=measure)
        for measure in ("historical_var", "expected_shortfall")
        for symbol, amount in zip(symbols, AMOUNTS, strict=True)
    ]
    return only(
        risk_rows(components=parts, closings={"US": closing(*(position(one, "10") for one in symbols))})
    )


def lines(book: BookRisk) -> dict[object, Row]:
    return {row.cells[2]: row for row in component_table([book]).rows}


def test_parts_come_largest_first_and_add_up() -> None:
    split = only(risk_rows()).split
    assert [(one.symbol, one.component) for one in split.positions] == [
        ("AIG", D(100)),
        ("SAP", D(60)),
        ("BAC", D(-40)),
    ]
    first = split.positions[0]
    assert (first.name, first.market_value) == ("American International Group", D(1000))
    assert (first.share, first.shortfall_component) == (pytest.approx(0.833), D(150))
    assert (split.var, split.expected_shortfall) == (D(120), D(150))
    assert split.unavailable is None


def test_a_large_book_shows_what_adds_most_and_what_hedges_most() -> None:
    found = lines(large())
    adding, hedging = [f"S{n:02}" for n in range(ADDING)], [f"S{11 - n:02}" for n in range(HEDGING)]
    assert list(found) == ["All", *adding, *hedging, "others"]
    assert [row.strong for row in found.values()] == [True] + [False] * 9
    assert found["All"].cells[5:7] == (D(TOTAL), 1.0)
    parts: list[Any] = [row.cells for name, row in found.items() if name != "All"]
    for column in (4, 5, 8):  # market value, VaR, expected shortfall
        assert sum(cells[column] for cells in parts) == found["All"].cells[column]
    assert sum(cells[6] for cells in parts) == pytest.approx(1.0)
    assert found["others"].cells[3] == "4 positions"
    assert len(all_components([large()]).rows) == len(AMOUNTS)


def test_an_unpriced_position_is_counted_and_says_why() -> None:
    unpriced = component("XYZ", None, reason="unpriced")
    rows = risk_rows(
        components=[*risk_rows().components, unpriced],
        closings={"US": closing(*BOOK, position("XYZ", None))},
    )
    book = only(rows)
    assert book.split.positions[-1].reason == "unpriced"
    assert book.split.var == D(120)
    assert lines(book)["not measured"].cells[3:6] == ("1 position", Absent("unpriced"), Absent("unpriced"))


@pytest.mark.parametrize(
    ("components", "reason"),
    [([], "not_stored"), ([component("AIG", None, reason="no_history")], "no_history")],
)
def test_a_split_that_is_not_known_says_why(components: list[Component], reason: str) -> None:
    book = only(risk_rows(components=components))
    assert (book.split.var, book.split.unavailable and book.split.unavailable.reason) == (None, reason)
    (whole,) = component_table([book]).rows
    assert whole.cells[5:7] == (Absent(reason), Absent(reason))


def test_other_confidences_are_not_mixed_in() -> None:
    other = component("AIG", "7", parameters="confidence_bp=9500,horizon_days=1")
    assert only(risk_rows(components=[*risk_rows().components, other])).split.var == D(120)
