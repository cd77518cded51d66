"""What a book is exposed to, by every grouping."""

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from api_gateway.core.conversion import Converted, in_currency
from api_gateway.core.exposures import exposures
from api_gateway.core.tree import portfolio_tree
from api_gateway.schemas.exposures import ExposureGroup, Exposures
from contracts import PositionValue, Valuation
from contracts.types import OptionTerms
from testkit.builders import make_portfolio, make_position_value, make_valuation

RATES = {"USD": Decimal(1), "EUR": Decimal("1.25"), "GBP": Decimal("1.6")}
GROUPINGS = ("by_asset", "by_asset_class", "by_currency", "by_sector", "by_exchange", "by_issuer")


def book(*positions: PositionValue) -> Valuation:
    return make_valuation("B", "14:00", *positions, fx_rates=RATES)


def ask(valuation: Valuation, currency: str | None = None, **asked: str) -> Exposures:
    found = in_currency(valuation, currency)
    assert isinstance(found, Converted)
    return exposures(found, **asked)  # type: ignore[arg-type]


def nets(groups: Iterable[ExposureGroup] | None) -> dict[str, Decimal]:
    assert groups is not None
    return {group.name: group.net.amount for group in groups}


def pair(units: str, price: str, cost: str) -> PositionValue:
    profit = (Decimal(price) - Decimal(cost)) * Decimal(units)
    return make_position_value(
        "EURUSD", units, price, average_cost=Decimal(cost), price_pnl_base=profit, unrealized_pnl_base=profit
    )


def test_a_pair_has_two_legs_and_currencies_add_up_to_the_nav() -> None:
    found = ask(
        book(pair("1000000", "1.12", "1.10"), make_position_value("USD", "500", "1", asset_class="cash"))
    )
    assert nets(found.by_currency) == {"EUR": 1_120_000, "USD": -1_100_000 + 500}
    assert [(leg.currency, leg.amount) for leg in found.fx_legs] == [("EUR", 1_000_000), ("USD", -1_100_000)]
    assert found.net is not None
    assert found.cash is not None
    assert found.nav is not None
    assert (found.net.amount, found.cash.amount, found.nav.amount) == (1_120_000, -1_099_500, 20_500)
    assert found.leverage == Decimal("54.634146341463")
    assert nets(found.by_asset_class) == {"fx": 1_120_000}


def test_labels_are_groups_and_what_has_none_is_unclassified() -> None:
    found = ask(
        book(
            make_position_value("A", "10", "10", sector="Energy", exchange="XNYS", issuer="Acme"),
            make_position_value("B", "-4", "10", sector="Energy", exchange="XETR"),
            make_position_value("C", "2", "10", asset_class=None),
        )
    )
    assert nets(found.by_sector) == {"Energy": 60, "Unclassified": 20}
    assert nets(found.by_exchange) == {"XNYS": 100, "XETR": -40, "Unclassified": 20}
    assert nets(found.by_issuer) == {"Acme": 100, "Unclassified": -20}
    assert nets(found.by_asset_class) == {"equity": 60, "Unclassified": 20}


def test_one_grouping_alone() -> None:
    found = ask(book(make_position_value("A", "1", "10")), by="sector")
    assert nets(found.by_sector) == {"Unclassified": 10}
    assert [name for name in GROUPINGS if getattr(found, name) is not None] == ["by_sector"]


def test_options_show_delta_and_notional_beside_their_value() -> None:
    terms = OptionTerms(
        underlying="A",
        option_right="put",
        strike=50,
        years=0.5,
        spot=50,
        volatility=0.2,
        interest_rate=0,
        dividend_yield=0,
        implied=True,
        delta=-0.4,
        gamma=0,
        vega=0,
        theta=0,
        rho=0,
    )
    put = make_position_value("A-P50", "2", "3", multiplier=Decimal(100), option=terms, asset_class="option")
    found = ask(book(put, make_position_value("A", "100", "50")))
    assert found.delta_adjusted is not None
    assert found.option_notional is not None
    assert (found.delta_adjusted.amount, found.option_notional.amount) == (5000 - 4000, 10_000)
    in_euros = ask(book(put), "EUR")
    assert in_euros.option_notional is not None
    assert in_euros.option_notional.amount == 8000
    without = ask(book(make_position_value("A", "1", "10")))
    assert (without.delta_adjusted, without.option_notional) == (None, None)


def test_unpriced_positions_are_listed_and_nothing_priced_is_null() -> None:
    found = ask(book(make_position_value("A", "1", None)))
    assert [(note.symbol, note.reason) for note in found.unpriced] == [("A", "no_price")]
    assert (found.nav, found.leverage, found.by_asset) == (None, None, ())


def test_a_nav_at_or_below_zero_has_no_leverage() -> None:
    debt = make_position_value("USD", "-10", "1", asset_class="cash")
    found = ask(book(make_position_value("A", "1", "10"), debt))
    assert (found.leverage, found.leverage_reason) == (None, "not_positive_value")


POSITIONS = st.lists(
    st.one_of(
        st.builds(
            lambda name, units, price, sector: make_position_value(
                name, str(units), str(price), sector=sector
            ),
            st.sampled_from("ABCDE"),
            st.integers(-1000, 1000).filter(bool),
            st.decimals("0.01", "500", places=2),
            st.sampled_from(["Energy", "Health", None]),
        ),
        st.builds(
            lambda units, price, cost: pair(str(units), str(price), str(cost)),
            st.integers(-1000, 1000).filter(bool),
            st.decimals("1.00", "1.50", places=4),
            st.decimals("1.00", "1.50", places=4),
        ),
        st.builds(
            lambda cash: make_position_value("USD", str(cash), "1", asset_class="cash"), st.integers(-99, 99)
        ),
    ),
    max_size=6,
)


@given(POSITIONS, st.sampled_from([None, "EUR", "GBP"]))
def test_every_grouping_adds_up_in_every_currency(
    positions: list[PositionValue], currency: str | None
) -> None:
    found = ask(book(*positions), currency)
    assert found.net is not None
    assert found.nav is not None
    for name in GROUPINGS:
        expected = found.nav if name == "by_currency" else found.net
        groups = getattr(found, name)
        assert sum((group.net.amount for group in groups), Decimal(0)) == expected.amount, name
        shares = [group.share for group in groups]
        assert None in shares or not shares or abs(sum(shares) - 1) < Decimal("1e-10")


# The tree


def test_children_and_all_portfolios_below() -> None:
    parents = {"A": None, "B": "A", "C": "B", "D": "A"}
    portfolios = {name: make_portfolio(name, parent_id=parent) for name, parent in parents.items()}
    found = portfolio_tree(portfolios, "A")
    assert found is not None
    assert (found.children, found.members) == (("B", "D"), ("B", "C", "D"))
    assert portfolio_tree(portfolios, "C").members == ()  # type: ignore[union-attr]
    assert portfolio_tree(portfolios, "NOPE") is None


def test_a_circle_in_the_topic_ends() -> None:
    portfolios = {"A": make_portfolio("A", parent_id="B"), "B": make_portfolio("B", parent_id="A")}
    found = portfolio_tree(portfolios, "A")
    assert found is not None
    assert found.members == ("B",)
