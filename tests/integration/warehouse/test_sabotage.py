"""One bad row of each kind, past the database's own checks: the matching test fails, and no test is left out.

Most are in ops. What building from ops rules out (a key twice, a version that ends before it begins) is done
to gold itself, and what comes later than it should is done to ops after the build.
"""

import datetime as dt
import json
from decimal import Decimal as D
from typing import Any

import psycopg
import pytest
from tests.integration.warehouse import books
from tests.integration.warehouse.books import FRIDAY, MONDAY
from tests.integration.warehouse.dbt import Dbt, Outcome

from store import tables

pytestmark = pytest.mark.integration

BEFORE, BETWEEN = dt.date(2013, 10, 2), dt.date(2013, 10, 3)
LATER = dt.date(2013, 10, 8)
LONG_AGO = dt.date(2013, 9, 10)
UNCOUNTED = {"positions": 4, "priced": 3, "unpriced": 0}
OUTSIDE = {"k": "501", "scenarios": "500", "interval_lower": "6500", "interval_upper": "7000"} | {
    "scenario_date": "2010-01-04", "window_start": "2011-10-07", "window_end": "2013-10-04"
}  # fmt: skip


def moved(date: dt.date, row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The row of another date: each bad row has a date of its own, so that one does not hide another."""
    return {**row, "as_of": books.closing_time(date), **fields}


def bad_bar(minute: int, **fields: Any) -> dict[str, Any]:
    start = dt.datetime(2013, 10, 7, 15, minute, tzinfo=dt.UTC)
    window = {"window_start": start, "window_end": start + dt.timedelta(minutes=5)}
    return books.bar("AIG", MONDAY, **{**window, **fields})


def window_before(date: dt.date) -> dict[str, dt.datetime]:
    end = books.closing_time(date)
    return {"window_start": end - dt.timedelta(minutes=5), "window_end": end}


def bad_pnl(day: int, **fields: Any) -> dict[str, Any]:
    return books.pnl("AIG", dt.date(2013, 10, day), **fields)


BAD: books.Rows = {
    tables.PriceBar: [
        bad_bar(0, low=D(0)),
        bad_bar(5, high=D("48.71"), open=D("48.72")),
        bad_bar(10, low=D("48.73")),
        bad_bar(15, vwap=D("60")),
        bad_bar(20, volume=-1),
        bad_bar(25, window_end=dt.datetime(2013, 10, 7, 15, 25, tzinfo=dt.UTC)),
        {**books.bar("AIG", FRIDAY), "trade_date": BETWEEN, **window_before(BETWEEN)},
        {**books.bar("AIG", MONDAY), "trade_date": dt.date(1999, 1, 4), "symbol": "OLD"},
        {**books.bar("BAC", FRIDAY), "trade_date": LONG_AGO, **window_before(LONG_AGO)},
    ],
    tables.PortfolioValuation: [
        moved(BEFORE, books.valuation(FRIDAY), market_value=D(1)),  # lines do not add up to it
        moved(LATER, books.valuation(MONDAY), gross_exposure=D(1)),
        moved(LATER, books.valuation(MONDAY), basis="last", net_exposure=D(1)),
        moved(BEFORE, books.valuation(MONDAY), basis="last", unrealized_pnl=D(16)),
        moved(
            FRIDAY,
            books.valuation(FRIDAY),
            basis="last",
            coverage=UNCOUNTED,
        ),
    ],
    tables.PositionValuation: [
        *(moved(BEFORE, books.position(name, FRIDAY)) for name in books.HELD),
        moved(LATER, books.position("AIG", MONDAY), quantity=D(0)),
        moved(LATER, books.position("BAC", MONDAY), market_value_base=D(7)),
        moved(LATER, books.position("SAP", MONDAY), price=D(-1)),
        moved(LATER, books.position("SAP", MONDAY), symbol="ADS", fx_rate=D(-1)),
        moved(LATER, books.position("SAP", MONDAY), symbol="BMW", fx_rate=None),
    ],
    tables.PnlDaily: [
        books.pnl("AIG", dt.date(2013, 9, 30)),
        bad_pnl(8, price=D(1)),
        bad_pnl(9, closing_value=D(1)),
        bad_pnl(10, total=None, reason=None),
    ],
    tables.RiskMetric: [
        books.risk("historical_var", 5000.0, parameters="confidence_bp=9500"),
        books.risk("expected_shortfall", 4000.0, parameters="confidence_bp=9500"),
        books.risk("historical_var", 4999.0, parameters="confidence_bp=9900", details=OUTSIDE),
        books.risk("beta", 1.0, value=None),
        books.risk("volatility", -0.2),
        books.risk("beta", 1.0, as_of=books.closing_time(dt.date(2013, 10, 9))),
    ],
    tables.VarComponent: [
        *books.components("historical_var", D(5001), parameters="confidence_bp=9500"),
        *books.components("historical_var", D(7), parameters="confidence_bp=1"),  # of no number
        *books.components("expected_shortfall", D(4000), parameters="confidence_bp=9500", reason="unpriced"),
    ],
    tables.Fill: [books.fill(fill_id="f0", quantity=D(0))],
}

TAMPERED = (
    # A version that ends before it begins.
    "UPDATE gold.dim_symbol SET valid_to = valid_from - interval '1 day' WHERE symbol = 'AIG'",
    "UPDATE gold.dim_portfolio SET valid_to = valid_from - interval '1 day' WHERE portfolio_id = 'US'",
    # Keys that are twice, that are not there and that lead nowhere.
    "INSERT INTO gold.fact_price_bars SELECT * FROM gold.fact_price_bars WHERE symbol = 'BAC' LIMIT 1",
    "UPDATE gold.fact_price_bars SET date_key = NULL WHERE symbol = 'SAP'",
    "UPDATE gold.fact_positions SET symbol_key = 'gone' WHERE symbol = 'AIG'",
    "UPDATE gold.fact_positions SET exchange_key = 'gone' WHERE symbol = 'AIG'",
    "UPDATE gold.fact_risk_metrics SET portfolio_key = 'gone' WHERE measure = 'beta'",
    # A day that is said to be one of September: its month to date is that of another month.
    "UPDATE gold.fact_pnl_daily SET date_key = 20130907 WHERE date = '2013-10-10'",
)
HISTORIES = {
    "price_bar": "price_bars",
    "portfolio_valuation": "portfolio_valuation",
    "position_valuation": "positions",
    "pnl_daily": "pnl_daily",
    "risk_metric": "risk_metrics",
    "var_component": "var_components",
}
AFTERWARDS = (
    # A revision recorded before the one that it replaces; gold has not heard of it either.
    *(
        f"INSERT INTO ops.{table} SELECT (jsonb_populate_record(said,"
        """ '{"revision": 100, "recorded_at": "2000-01-01"}')).*"""
        f" FROM ops.{table} AS said ORDER BY recorded_at, 1, 2, 3 LIMIT 1"
        for table in HISTORIES
    ),
    # What nothing was written to for two days, and for eight.
    "UPDATE ops.pnl_daily SET recorded_at = recorded_at - interval '2 days' WHERE revision < 100",
    "UPDATE ops.risk_metric SET recorded_at = recorded_at - interval '8 days' WHERE revision < 100",
)

CAUGHT = [
    "bar_prices_are_above_zero",
    "bar_high_is_the_highest",
    "bar_low_is_the_lowest",
    "bar_vwap_is_inside_the_range",
    "bar_was_traded",
    "bar_window_goes_forward",
    "bars_equal_silver",
    "position_price_is_above_zero",
    "position_rate_is_above_zero",
    "position_in_base_currency_is_not_converted",
    "position_value_has_price_and_rate",
    "gross_exposure_is_long_and_short",
    "net_exposure_is_long_less_short",
    "unrealized_pnl_is_price_and_fx",
    "coverage_counts_every_position",
    "daily_pnl_is_the_sum_of_its_parts",
    "daily_pnl_is_the_change_of_value",
    "daily_pnl_that_is_missing_has_a_reason",
    "risk_that_is_missing_has_a_reason",
    "volatility_and_drawdown_are_not_negative",
    "relationships_fact_price_bars_date_key__date_key__ref_dim_date_",
    "no_session_is_missing",
    "sessions_were_watched",
    "bars_are_complete",
    "month_to_date_is_the_sum_of_the_days",
    "mart_portfolio_pnl_parts_are_the_total",
    "dim_symbol_validity_goes_forward",
    "dim_portfolio_validity_goes_forward",
    *(f"{name}_history_goes_forward" for name in HISTORIES.values()),
    "unique_fact_price_bars_bar_key",
    "unique_together_fact_price_bars_symbol__window_start",
    "not_null_fact_price_bars_date_key",
    "relationships_fact_positions_symbol_key__symbol_key__ref_dim_symbol_",
    "relationships_fact_positions_exchange_key__exchange_key__ref_dim_exchange_",
    "relationships_fact_risk_metrics_portfolio_key__portfolio_key__ref_dim_portfolio_",
    "position_values_add_up",
    "positions_are_complete",
    "quantities_are_not_zero",
    "risk_has_its_valuation",
    "tail_loss_is_beyond_value_at_risk",
    "value_at_risk_grows_with_confidence",
    "value_at_risk_components_add_up",
    "component_that_is_missing_has_a_reason",
    "relationships_fact_var_components_metric_key__metric_key__ref_fact_risk_metrics_",
    "value_at_risk_is_inside_its_interval",
    "scenario_is_inside_its_window",
    "tail_rank_is_among_the_scenarios",
]


def drop_checks(connection: psycopg.Connection[Any]) -> None:
    """The database refuses most of these rows itself; a warehouse must not rely on that."""
    checks = (
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'ops'::regnamespace"
    )
    for table, name in connection.execute(checks).fetchall():
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")  # type: ignore[arg-type]


def tamper(connection: psycopg.Connection[Any]) -> None:
    """Past the triggers, which let facts only be appended to."""
    for table in HISTORIES:
        connection.execute(f"ALTER TABLE ops.{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    for statement in (*TAMPERED, *AFTERWARDS):
        changed = connection.execute(statement).rowcount  # type: ignore[arg-type]
        assert changed > 0, statement


@pytest.fixture(scope="module")
def dbt(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """A warehouse built of good and bad rows."""
    with psycopg.connect(postgres) as connection:
        drop_checks(connection)
    books.write(postgres, books.good_rows())
    books.write(postgres, BAD)
    dbt = Dbt.on_postgres(postgres, tmp_path_factory.mktemp("dbt"), books.silver(checksum="1"))
    built = dbt("build", "--resource-type", "model", "--resource-type", "seed")
    assert built.wrong == set(), built.output
    with psycopg.connect(postgres) as connection:
        tamper(connection)
    return dbt


@pytest.fixture(scope="module")
def sabotaged(dbt: Dbt) -> Outcome:
    return dbt("test", "--select", *CAUGHT)


@pytest.mark.parametrize("test", CAUGHT)
def test_a_bad_row_is_caught(sabotaged: Outcome, test: str) -> None:
    assert sabotaged.statuses[test] in ("fail", "warn"), sabotaged.output


def test_every_rule_and_every_kind_of_test_has_a_bad_row(sabotaged: Outcome, dbt: Dbt) -> None:
    """All that is written as SQL or as a condition; of the kinds that come by the column, one of each."""
    nodes = json.loads((dbt.scratch / "target/manifest.json").read_text())["nodes"].values()
    tests = [one for one in nodes if one["resource_type"] == "test"]
    rules = {
        one["name"] for one in tests if "test_metadata" not in one or one["test_metadata"]["name"] == "holds"
    }
    assert rules - set(CAUGHT) == {"silver_was_compared"}  # test_gold builds without Silver
    kinds = {kind_of(one) for one in tests}
    assert len(kinds) > 5
    assert kinds == {kind_of(one) for one in tests if one["name"] in CAUGHT}


def kind_of(test: dict[str, Any]) -> tuple[str, str]:
    """The name of a generic test, of a key with where it leads."""
    said = test.get("test_metadata", {"name": "rule", "kwargs": {}})
    return said["name"], said["kwargs"].get("to", "")


def test_the_rows_that_failed_are_kept(sabotaged: Outcome, postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        rows = connection.execute(
            "SELECT symbol, window_start FROM gold_failures.bar_vwap_is_inside_the_range"
        ).fetchall()
    assert ("AIG", dt.datetime(2013, 10, 7, 15, 15, tzinfo=dt.UTC)) in rows


def test_what_is_not_written_any_more_is_told(dbt: Dbt) -> None:
    found = dbt("source", "freshness").statuses
    assert {name: found[name] for name in ("price_bar", "pnl_daily", "risk_metric")} == {
        "price_bar": "pass",
        "pnl_daily": "warn",
        "risk_metric": "error",
    }
    assert found["limit_status"] == "warn"  # never written: a platform may have no limits
