"""Gold is what the services stored: numbers, late revisions, what was known before."""

import datetime as dt
import json
import re
from decimal import Decimal as D
from typing import Any

import psycopg
import pytest
from tests.integration.warehouse import books
from tests.integration.warehouse.books import FRIDAY, HELD, MONDAY
from tests.integration.warehouse.dbt import Dbt, Outcome

from store import tables

pytestmark = pytest.mark.integration

ONLY = ("--indirect-selection", "empty", "--select")
"""Models and tests that are named, without all others that read the models."""
FIVE_MINUTES = dt.timedelta(minutes=5)


@pytest.fixture(scope="module")
def dbt(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    return Dbt.on_postgres(postgres, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def built(postgres: str, dbt: Dbt) -> Outcome:
    books.write(postgres, books.good_rows())
    # Gold is compared with Silver here only: later tests correct a bar in ops alone.
    return Dbt.on_postgres(postgres, dbt.scratch, books.silver())("build")


def query(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[arg-type]


def test_a_day_builds_with_every_test_green(built: Outcome) -> None:
    assert built.wrong == set(), built.output
    assert {"month_to_date_begins_anew", "bars_equal_silver"} <= built.statuses.keys()
    assert built.statuses["silver_was_compared"] == "pass"
    assert len(built.statuses) > 200


def test_gold_equals_an_independent_calculation(built: Outcome, postgres: str) -> None:
    held = query(
        postgres, "SELECT symbol, date, side, market_value_base FROM gold.fact_positions ORDER BY 1, 2"
    )
    assert held == [
        (symbol, date, "short" if HELD[symbol] < 0 else "long", books.value(symbol, date))
        for symbol in sorted(HELD)
        for date in (FRIDAY, MONDAY)
    ]
    worth = query(postgres, "SELECT date, market_value FROM gold.fact_portfolio_valuation WHERE is_closing")
    assert dict(worth) == {date: sum(books.value(name, date) for name in HELD) for date in (FRIDAY, MONDAY)}
    ((total, month),) = query(postgres, "SELECT total, month_to_date FROM gold.mart_portfolio_pnl")
    earned = sum(books.value(name, MONDAY) - books.value(name, FRIDAY) for name in HELD)
    assert (total, month) == (earned, earned)


def test_a_value_at_risk_is_the_sum_of_its_components(built: Outcome, postgres: str) -> None:
    rows = query(
        postgres,
        "SELECT measure, value, sum(component), min(component) FROM gold.fact_var_components"
        " JOIN gold.fact_risk_metrics USING (metric_key, measure) GROUP BY 1, 2 ORDER BY 1",
    )
    assert rows == [
        ("expected_shortfall", 1100.0, D(1100), D(-275)),
        ("historical_var", 900.0, D(900), D(-225)),
    ]
    assert built.statuses["value_at_risk_components_add_up"] == "pass"


def test_facts_meet_their_dimensions(built: Outcome, postgres: str) -> None:
    rows = query(
        postgres,
        "SELECT symbols.symbol, exchanges.name, books.root_id, days.weekday FROM gold.fact_positions"
        " JOIN gold.dim_symbol AS symbols USING (symbol_key)"
        " JOIN gold.dim_exchange AS exchanges USING (exchange_key)"
        " JOIN gold.dim_portfolio AS books USING (portfolio_key)"
        " JOIN gold.dim_date AS days USING (date_key)"
        " WHERE days.date = '2013-10-07' ORDER BY 1",
    )
    assert rows == [
        ("AIG", "New York Stock Exchange", "TOP", 1),
        ("BAC", "New York Stock Exchange", "TOP", 1),
        ("SAP", "Xetra", "TOP", 1),
    ]


def test_a_later_close_moves_the_snapshot(built: Outcome, postgres: str, dbt: Dbt) -> None:
    later = books.closing_time(MONDAY) + dt.timedelta(minutes=5)
    sold = [name for name in HELD if name != "SAP"]
    values = [books.value(name, MONDAY) for name in sold]
    long, short = sum(v for v in values if v > 0), sum(v for v in values if v < 0)
    shorter = {"market_value": sum(values), "net_exposure": sum(values), "gross_exposure": long - short}
    coverage = {"positions": 2, "priced": 2, "unpriced": 0, "stale": 0, "complete": True}
    books.write(
        postgres,
        {
            tables.PortfolioValuation: [
                books.valuation(MONDAY, as_of=later, long_exposure=long, coverage=coverage, **shorter)
            ],
            tables.PositionValuation: [books.position(name, MONDAY, as_of=later) for name in sold],
            # Markets are open: a bar comes after the tables were built and before they are tested.
            tables.PriceBar: [books.bar("SAP", MONDAY, window_start=later, window_end=later + FIVE_MINUTES)],
        },
    )
    tests = ("bars_are_complete", "silver_was_compared", "positions_are_complete", "position_values_add_up")
    again = dbt("build", *ONLY, "fact_portfolio_valuation", "fact_positions", *tests)
    assert again.wrong == set(), again.output
    assert again.statuses["bars_are_complete"] == "pass"
    assert again.warned == {"silver_was_compared"}
    held = query(
        postgres, "SELECT symbol, market_value_base FROM gold.fact_positions WHERE date = '2013-10-07'"
    )
    assert dict(held) == {name: books.value(name, MONDAY) for name in sold}
    assert all(isinstance(amount, D) for _, amount in held)


def test_the_docs_are_one_file_with_the_lineage_to_every_reader(built: Outcome, dbt: Dbt) -> None:
    dbt("docs", "generate", "--static", "--no-compile")
    page = (dbt.scratch / "target/static_index.html").read_text()
    start = re.search(r'"parent_map":\s*', page)
    assert start is not None
    parents, _ = json.JSONDecoder().raw_decode(page[start.end() :])
    readers = [name for name in parents if name.startswith("exposure.")]
    assert "exposure.tapeline.report_daily_pnl" in readers
    without = {
        reader for reader in readers if not any(n.startswith("source.") for n in ancestors(parents, reader))
    }
    assert without == {"exposure.tapeline.grafana_api"}  # shows what the gateway counts
    assert "source.tapeline.ops.pnl_daily" in ancestors(parents, "exposure.tapeline.report_daily_pnl")
    assert "Grain: portfolio, symbol, date." in page


def ancestors(parents: dict[str, list[str]], name: str) -> set[str]:
    """All that it is made of."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def test_late_corrections_flow_through_and_the_old_numbers_stay_known(
    built: Outcome, postgres: str, dbt: Dbt
) -> None:
    """A bar, the name of an instrument from Friday on, and the exchange of another since ever.

    Last, because dbt parses everything anew for another variable.
    """
    before = dt.datetime.now(dt.UTC)
    untouched = "SELECT xmin FROM gold.fact_price_bars WHERE date = '2013-10-04' AND symbol <> 'BAC'"
    friday = query(postgres, untouched)
    aig, bac, _ = books.instruments()
    renamed = {**aig, "name": "AIG Inc.", "valid_from": books.closing_time(FRIDAY)}
    books.write(postgres, {tables.PriceBar: [books.bar("AIG", MONDAY, volume=1500)]})
    books.write(postgres, {tables.Instrument: [renamed, {**bac, "exchange": "XNAS"}]})
    books.write(postgres, between_two_facts())
    views = ("dim_symbol", "dim_exchange", "fact_price_bars_as_known")
    facts = ("fact_price_bars", "fact_positions", "fact_risk_metrics")
    tests = ("bars_are_complete", "position_values_add_up", "risk_has_its_valuation")
    moment = f"{{known_at: '{before.isoformat()}'}}"
    again = dbt("build", *ONLY, *views, *facts, *tests, "--vars", moment)
    assert again.wrong == set(), again.output
    assert again.statuses["risk_has_its_valuation"] == "pass"

    volume = "SELECT volume, revision FROM {} WHERE symbol = 'AIG' AND window_end::date = '2013-10-07'"
    assert query(postgres, volume.format("gold.fact_price_bars")) == [(1500, 2)]
    # Who asks for a moment gets views of that moment; those that all others read say what is known now.
    asked = f"gold_as_known_{before:%Y%m%dt%H%M%S_%f}"
    assert query(postgres, volume.format(f"{asked}.fact_price_bars_as_known")) == [(1000, 1)]
    assert query(postgres, volume.format("gold.fact_price_bars_as_known")) == [(1500, 2)]
    names = query(
        postgres,
        "SELECT date, name FROM gold.fact_positions JOIN gold.dim_symbol AS s USING (symbol_key)"
        " WHERE s.symbol = 'AIG' ORDER BY date",
    )
    assert names == [(FRIDAY, "AIG Inc."), (MONDAY, "AIG Inc.")]
    for fact in ("fact_price_bars", "fact_positions"):
        listed = (
            f"SELECT DISTINCT e.exchange FROM gold.{fact} JOIN gold.dim_exchange AS e USING (exchange_key)"
        )
        assert query(postgres, f"{listed} WHERE symbol = 'BAC'") == [("XNAS",)]
    assert query(postgres, untouched) == friday  # a group that did not change is not written again


def between_two_facts() -> books.Rows:
    """A valuation and its risk that come when the table of valuations is built and that of risk is not."""
    moment = books.closing_time(MONDAY) - dt.timedelta(minutes=30)
    return {
        tables.PortfolioValuation: [books.valuation(MONDAY, as_of=moment)],
        tables.PositionValuation: [books.position(symbol, MONDAY, as_of=moment) for symbol in HELD],
        tables.RiskMetric: [books.risk("beta", 1.0, as_of=moment)],
    }
