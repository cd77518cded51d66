"""A portfolio with children is valued as one merged book."""

import random
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import Valuation
from contracts.codec import encode
from testkit.builders import (
    DAY,
    make_bar,
    make_fx_rate,
    make_instrument,
    make_portfolio,
    make_position,
    make_tick,
    make_trade,
    moment,
)
from valuation.core.hierarchy import Hierarchy
from valuation.core.official import Stored, digest, revise
from valuation.core.state import State

CENT = Decimal("0.01")


def family(**parents: str) -> State:
    """FUND in USD above US (USD) and EU (EUR); SAP in EUR at 52, IBM in USD at 184, EURUSD 1.25, then 1.6."""
    state = State()
    state.take_instrument(make_instrument("IBM", sector="Technology", issuer="IBM Corp"))
    state.take_instrument(make_instrument("SAP", currency="EUR", exchange="XETR"))
    state.take_instrument(make_instrument("EURUSD"))
    state.take_portfolio(make_portfolio("FUND"))
    state.take_portfolio(make_portfolio("US", parent_id=parents.get("US", "FUND")))
    state.take_portfolio(make_portfolio("EU", "EUR", parent_id=parents.get("EU", "FUND")))
    state.take_fixing(make_fx_rate("EURUSD", "2013-10-04", "1.25"))
    state.take_position(make_position("US", "IBM", "10", "180"))
    state.take_position(make_position("EU", "IBM", "30", "160"))
    state.take_position(make_position("EU", "SAP", "5", "50", currency="EUR"))
    state.take_tick(make_tick("EURUSD", "14:29", "1.6"))
    state.take_tick(make_tick("IBM", "14:30", "184"))
    state.take_tick(make_tick("SAP", "14:30", "52", currency="EUR"))
    return state


def value(state: State, portfolio_id: str = "FUND") -> Valuation:
    found = state.value_live(portfolio_id, "1", DAY)
    assert found is not None
    return found


def test_positions_of_children_are_netted_by_symbol_in_the_parents_currency() -> None:
    found = value(family())
    ibm, sap = found.positions
    assert found.members == ("EU", "US")
    assert (ibm.quantity, ibm.average_cost, ibm.market_value_base) == (40, 165, 7360)
    assert (ibm.unrealized_pnl_base, ibm.fx_pnl_base) == (
        40 + 720,
        0,
    )  # to EU it has an FX part, to FUND none
    assert (sap.market_value_base, sap.price_pnl_base, sap.fx_pnl_base) == (416, 16, Decimal("87.5"))
    assert (found.market_value, found.currency) == (7776, "USD")
    assert found.unrealized_pnl == 760 + Decimal("103.5")
    assert found.coverage.positions == 2


def test_labels_come_from_the_instrument() -> None:
    ibm, sap = value(family()).positions
    assert (ibm.sector, ibm.exchange, ibm.issuer) == ("Technology", "XNYS", "IBM Corp")
    assert (sap.sector, sap.exchange, sap.issuer) == (None, "XETR", None)


def test_a_line_of_one_holder_with_an_unknown_fx_part_leaves_the_whole_total_unknown() -> None:
    state = family()
    state.take_position(make_position("US", "SAP", "1", "50", currency="EUR", as_of="2001-01-02"))
    found = value(state)
    sap = found.positions[1]
    assert ("SAP", "no_cost_fx_rate") in [(note.symbol, note.reason) for note in found.coverage.notes]
    assert (sap.unrealized_pnl_base, found.unrealized_pnl) == (None, None)
    assert sap.fx_pnl_base == Decimal("87.5"), "of the part whose rate is known"


def test_long_and_short_cancel_but_their_profit_stays() -> None:
    state = family()
    state.take_position(make_position("US", "IBM", "-30", "200"))
    ibm = value(state).positions[0]
    assert (ibm.quantity, ibm.average_cost, ibm.market_value_base) == (0, 0, 0)
    assert ibm.unrealized_pnl_base == 30 * (184 - 160) - 30 * (184 - 200)
    assert value(state).gross_exposure == 416


def test_average_cost_of_opposite_sides_is_where_the_whole_breaks_even() -> None:
    state = family()
    state.take_position(make_position("US", "IBM", "-20", "200"))
    ibm = value(state).positions[0]
    assert (ibm.quantity, ibm.average_cost) == (10, 80)  # (30 * 160 - 20 * 200) / 10
    assert ibm.unrealized_pnl_base == (184 - 80) * 10


def test_a_rate_at_cost_told_to_a_child_is_taken_to_the_parent() -> None:
    """EU was told 0.75 EUR per USD; FUND is in GBP at 0.8 GBP per EUR then: 0.6 GBP per USD."""
    state = family()
    state.take_portfolio(make_portfolio("FUND", "GBP"))
    state.take_instrument(make_instrument("EURGBP"))
    state.take_fixing(make_fx_rate("EURGBP", "2013-10-04", "0.8"))
    state.take_position(make_position("EU", "IBM", "30", "160", cost_fx_rate=Decimal("0.75")))
    state.take_position(make_position("US", "IBM", "0", "0"))
    assert value(state).positions[0].cost_fx_rate == Decimal("0.6")
    assert value(state, "EU").positions[0].cost_fx_rate == Decimal("0.75")


def test_fills_of_children_are_realised_in_the_parents_currency() -> None:
    state = family()
    state.take_trade(make_trade("T1", "EU", "SAP", "-2", "51", currency="EUR"))  # 2 EUR at 1.25
    state.take_trade(make_trade("T2", "US", "IBM", "-10", "182"))  # closed: no line of its own is left
    found = value(state)
    assert [(line.symbol, line.quantity) for line in found.positions] == [("IBM", 30), ("SAP", 3)]
    assert found.realized_pnl == Decimal("2.5") + 20
    assert found.positions[1].realized_pnl_base == Decimal("2.5")
    assert value(state, "EU").realized_pnl == 2


def test_what_an_option_of_a_child_is_written_on_moves_its_parent() -> None:
    state = family()
    terms = {
        "underlying": "IBM",
        "strike": Decimal(190),
        "expiry": moment("2014-01-17"),
        "option_right": "call",
    }
    state.take_instrument(
        make_instrument("IBM-C190", asset_class="option", volatility=Decimal("0.2"), **terms)
    )
    for holder, units in (("US", "3"), ("EU", "-1")):
        state.take_position(make_position(holder, "IBM-C190", units, "5"))
    before = value(state).positions[1]
    assert before.quantity == 2
    assert before.option is not None
    state.take_dirty()
    state.take_tick(make_tick("IBM", "14:31", "200", seq=2))
    assert set(state.take_dirty()) == {"FUND", "US", "EU"}
    after = value(state).positions[1]
    assert after.price is not None
    assert before.price is not None
    assert after.price > before.price
    assert after.market_value_base == after.price * 2


def test_grandchildren_count_and_a_parents_own_positions_too() -> None:
    state = family(EU="US")
    state.take_position(make_position("FUND", "IBM", "1", "180"))
    assert value(state, "US").members == ("EU",)
    found = value(state)
    assert (found.members, found.positions[0].quantity) == (("EU", "US"), 41)
    assert value(state, "US").positions[0].quantity == 40


def test_one_unpriced_part_leaves_out_the_whole_line_with_its_reason() -> None:
    state = family()
    state.take_position(make_position("US", "SAP", "7", "50"))  # in dollars, but SAP is priced in euros
    found = value(state)
    assert [(note.symbol, note.reason) for note in found.coverage.notes] == [("SAP", "currency_mismatch")]
    assert found.market_value == 7360


def test_what_moves_a_child_makes_its_parents_dirty() -> None:
    state = family(EU="US")
    state.take_dirty()
    everyone = {"FUND", "US", "EU"}
    for fact, take in (
        (make_tick("SAP", "14:30:10", "53", seq=2, currency="EUR"), state.take_tick),
        (make_position("EU", "SAP", "6", "50", currency="EUR"), state.take_position),
        (make_tick("EURUSD", "14:30:20", "1.7", seq=2), state.take_tick),
        (make_fx_rate("EURUSD", "2013-10-08", "1.7"), state.take_fixing),
        (make_instrument("SAP", currency="EUR", name="SAP SE"), state.take_instrument),
    ):
        take(fact)
        assert set(state.take_dirty()) == everyone, fact


def test_a_child_that_moves_changes_both_parents() -> None:
    state = family()
    state.take_portfolio(make_portfolio("OTHER"))
    state.take_dirty()
    state.take_portfolio(make_portfolio("EU", "EUR", parent_id="OTHER"))
    assert set(state.take_dirty()) == {"EU", "FUND", "OTHER"}
    assert value(state).market_value == 1840
    assert value(state, "OTHER").market_value == 30 * 184 + 416


def test_a_circle_is_refused_and_nothing_changes() -> None:
    state = family(EU="US")
    before = value(state)
    for parent in ("FUND", "US", "EU"):
        with pytest.raises(ValueError, match="cannot belong to"):
            state.take_portfolio(make_portfolio("FUND", parent_id=parent))
    assert value(state) == before


def test_what_is_below_and_above() -> None:
    tree = Hierarchy()
    for name, parent in (("C", "B"), ("B", "A"), ("D", "A")):
        tree.put(name, parent)
    assert (tree.below("A"), tree.below("B"), tree.below("C")) == (("B", "C", "D"), ("C",), ())
    assert tree.above("C") == ("B", "A")
    tree.put("B", None)
    assert (tree.below("A"), tree.above("C")) == (("D",), ("B",))


# Official values


def settle(state: State, stored: dict[tuple[str, datetime], Valuation]) -> list[Valuation]:
    """Value everything that is due, as the service does; returns the new revisions."""
    news = []
    for one in state.agenda.take():
        found = state.value_official(one, DAY)
        assert found is not None
        known = stored.get((found.portfolio_id, found.as_of))
        revised = revise(found, known and Stored(known.revision, digest(known), None, None))
        if revised is not None:
            stored[revised.portfolio_id, revised.as_of] = revised
            news.append(revised)
    return news


def test_a_childs_bar_and_its_correction_make_official_values_of_the_parent() -> None:
    state, stored = family(), {}
    state.take_bar(make_bar("SAP", "14:30", "52", currency="EUR"))
    assert {one.portfolio_id for one in settle(state, stored)} == {"EU", "FUND"}
    state.take_bar(make_bar("SAP", "14:30", "53", currency="EUR", revision=2))
    restated = {one.portfolio_id: one for one in settle(state, stored)}
    assert {name: one.revision for name, one in restated.items()} == {"EU": 2, "FUND": 2}
    assert restated["FUND"].members == ("EU", "US")


def test_a_backdated_position_of_a_child_restates_the_parent() -> None:
    state, stored = family(), {}
    state.take_bar(make_bar("IBM", "14:30", "184"))
    settle(state, stored)
    state.take_position(make_position("US", "IBM", "11", "180", as_of="2013-10-06"))
    assert {(one.portfolio_id, one.revision) for one in settle(state, stored)} == {("US", 2), ("FUND", 2)}
    assert stored["FUND", moment("14:35")].positions[0].quantity == 41


def test_leaving_a_parent_restates_it() -> None:
    state, stored = family(), {}
    state.take_bar(make_bar("SAP", "14:30", "52", currency="EUR"))
    settle(state, stored)
    state.take_portfolio(make_portfolio("EU", "EUR"))
    (restated,) = settle(state, stored)
    assert (restated.portfolio_id, restated.revision, restated.members) == ("FUND", 2, ("US",))


# The whole and its parts

QUANTITIES = st.integers(-50, 50).map(lambda units: Decimal(units) / 4)
COSTS = st.decimals("0.01", "300", places=2)
POSITIONS = st.lists(
    st.tuples(st.sampled_from(["FUND", "US", "EU"]), st.sampled_from(["IBM", "SAP"]), QUANTITIES, COSTS),
    max_size=8,
)


@settings(max_examples=60)
@given(POSITIONS)
def test_value_and_profit_of_the_whole_are_those_of_its_parts(
    positions: list[tuple[str, str, Decimal, Decimal]],
) -> None:
    """All in dollars, so that the parts can be added up without converting them."""
    state = family()
    for name in ("US", "EU"):
        state.take_portfolio(make_portfolio(name, parent_id="FUND"))
    for holder, symbol, quantity, cost in positions:
        currency = "EUR" if symbol == "SAP" else "USD"
        state.take_position(make_position(holder, symbol, str(quantity), str(cost), currency=currency))
    whole = value(state)
    state.take_portfolio(make_portfolio("US"))
    state.take_portfolio(make_portfolio("EU"))
    parts = [value(state, name) for name in ("FUND", "US", "EU")]
    assert whole.market_value == sum(one.market_value or 0 for one in parts)
    assert whole.unrealized_pnl == sum(one.unrealized_pnl or 0 for one in parts)
    assert whole.market_value == sum(line.market_value_base or 0 for line in whole.positions)
    for line in whole.positions:
        if line.quantity and line.price is not None and line.unrealized_pnl is not None:
            expected = (line.price - line.average_cost) * line.quantity
            assert abs(expected - line.unrealized_pnl) < CENT


FACTS = [
    ("take_instrument", make_instrument("IBM")),
    ("take_instrument", make_instrument("SAP", currency="EUR")),
    ("take_instrument", make_instrument("EURUSD")),
    ("take_portfolio", make_portfolio("FUND")),
    ("take_portfolio", make_portfolio("US", parent_id="FUND")),
    ("take_portfolio", make_portfolio("EU", "EUR", parent_id="US")),
    ("take_fixing", make_fx_rate("EURUSD", "2013-10-04", "1.25")),
    ("take_position", make_position("US", "IBM", "10", "180")),
    ("take_position", make_position("EU", "IBM", "30", "160")),
    ("take_position", make_position("EU", "SAP", "5", "50", currency="EUR")),
    ("take_tick", make_tick("EURUSD", "14:29", "1.6")),
    ("take_tick", make_tick("IBM", "14:30", "184")),
    ("take_tick", make_tick("SAP", "14:30", "52", currency="EUR")),
]


@settings(max_examples=40)
@given(st.permutations(FACTS), st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts: list, chance: random.Random) -> None:
    plain, busy = State(), State()
    for name, fact in FACTS:
        getattr(plain, name)(fact)
    for name, fact in facts:
        getattr(busy, name)(fact)
        if chance.random() < 0.5:
            for portfolio_id in busy.take_dirty():
                busy.value_live(portfolio_id, "0", DAY)
    for portfolio_id in ("FUND", "US", "EU"):
        assert encode(value(busy, portfolio_id)) == encode(value(plain, portfolio_id))
