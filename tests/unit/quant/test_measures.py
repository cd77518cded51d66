from dataclasses import replace
from decimal import Decimal
from typing import get_args

import numpy as np
import pytest

from contracts.types import MeasureReason
from quant import MEASURES, Benchmark, Book, BookScenarios, Measure, Missing, Outcome, Reason

CONCENTRATIONS = (
    "concentration",
    "top5_share",
    "hhi",
    "effective_names",
    "issuer_concentration",
    "sector_concentration",
)
DATES = np.datetime64("2019-01-01") + np.arange(501)


def book(pnl: np.ndarray, values: np.ndarray, limited_by: str | None = None, **market_values: int) -> Book:
    scenarios = BookScenarios(DATES[1:], pnl, ("A",), pnl[:, None], DATES, values, 0.125, 0.0, limited_by)
    return Book(
        len(market_values), {name: Decimal(value) for name, value in market_values.items()}, scenarios
    )


def measure(name: str, **parameters: str) -> Measure:
    (found,) = (row for row in MEASURES if row.name == name and parameters.items() <= row.parameters.items())
    return found


def outcome(row: Measure, held: Book) -> Outcome:
    found = row.evaluate(held)
    assert isinstance(found, Outcome), found
    return found


@pytest.fixture
def long_short() -> Book:
    values = np.full(501, 100.0)
    values[10], values[20] = 125.0, 75.0
    return book(np.arange(500.0) - 100, values, None, AAA=300, BBB=-100)


def test_rows_are_distinct_and_named_in_snake_case() -> None:
    keys = [(row.name, tuple(sorted(row.parameters.items()))) for row in MEASURES]
    assert len(set(keys)) == len(keys)
    assert all(row.name.replace("_", "").isalnum() and row.name.islower() for row in MEASURES)


def test_every_reason_of_the_contract_is_one_of_ours() -> None:
    assert set(get_args(MeasureReason)) <= set(get_args(Reason))


def test_var_row(long_short: Book) -> None:
    found = outcome(measure("historical_var", confidence_bp="9500"), long_short)
    assert found.value == 76.0
    assert found.details == {
        "k": "25",
        "scenario_date": str(DATES[25]),
        "expected_shortfall": "88.0",
        "interval_lower": "65.0",
        "interval_upper": "85.0",
        "interval_coverage": "0.9605",
        "estimator": "kth_worst",
        "scenarios": "500",
        "window_start": str(DATES[1]),
        "window_end": str(DATES[500]),
        "price_carried_percent": "12.5",
        "fx_carried_percent": "0",
    }


def test_shortfall_row(long_short: Book) -> None:
    found = outcome(measure("expected_shortfall", confidence_bp="9750"), long_short)
    assert found.value == pytest.approx((sum(range(89, 101)) + 0.5 * 88) / 12.5)
    assert found.details["tail_scenarios"] == "12.5"


def test_drawdown_row(long_short: Book) -> None:
    found = outcome(measure("max_drawdown"), long_short)
    assert found.value == 0.4
    assert (found.details["peak_date"], found.details["trough_date"]) == (str(DATES[10]), str(DATES[20]))
    assert "recovery_date" not in found.details


def test_volatility_row(long_short: Book) -> None:
    found = outcome(measure("volatility_20d"), long_short)
    assert found.value == 0.0
    assert (found.details["window_start"], found.details["window_end"]) == (str(DATES[480]), str(DATES[500]))


def test_concentration_row(long_short: Book) -> None:
    found = outcome(measure("concentration"), long_short)
    assert (found.value, dict(found.details)) == (75.0, {"symbol": "AAA", "positions": "2"})


def test_concentration_rows_count_names_issuers_and_sectors() -> None:
    held = Book(
        positions=4,
        market_values={"A": Decimal(50), "B": Decimal(-30), "C": Decimal(20), "USD": Decimal(900)},
        scenarios=Missing("no_history", "not asked"),
        sectors={"A": "Energy", "B": "Energy", "C": None},
        issuers={"A": "Acme", "C": "Acme"},
        cash=frozenset({"USD"}),
    )
    values = {name: outcome(measure(name), held) for name in CONCENTRATIONS}
    assert {name: one.value for name, one in values.items()} == {
        "concentration": 50,
        "top5_share": 100,
        "hhi": 0.38,
        "effective_names": pytest.approx(1 / 0.38),
        "issuer_concentration": 70,
        "sector_concentration": 80,
    }
    assert dict(values["top5_share"].details) == {"symbols": "A,B,C", "positions": "3"}
    assert values["issuer_concentration"].details["name"] == "Acme"
    assert values["sector_concentration"].details == {
        "name": "Energy",
        "unclassified_percent": "20",
        "groups": "2",
    }


@pytest.fixture
def moving() -> Book:
    """A book that moves twice as much as its benchmark, which is 100 days younger."""
    market = np.random.default_rng(1).normal(0.001, 0.01, 500)
    values = 100 * np.cumprod(np.concatenate(([1.0], 1 + 2 * market)))
    held = book(np.zeros(500), values, None, AAA=1)
    return replace(held, benchmark=Benchmark("SPY", DATES[101:], market[100:]))


def test_series_rows_equal_plain_numpy(moving: Book) -> None:
    assert not isinstance(moving.scenarios, Missing)
    values = moving.scenarios.values
    simple, log = values[1:] / values[:-1] - 1, np.diff(np.log(values))
    sharpe = outcome(measure("sharpe"), moving)
    assert sharpe.value == pytest.approx(simple.mean() / simple.std(ddof=1) * 252**0.5)
    assert (sharpe.details["scenarios"], sharpe.details["form"]) == ("500", "arithmetic")
    downside = np.sqrt((np.minimum(simple, 0) ** 2).mean())
    assert outcome(measure("sortino"), moving).value == pytest.approx(simple.mean() / downside * 252**0.5)
    variance = log[:20].var(ddof=1)
    for one in log[20:]:
        variance = 0.94 * variance + 0.06 * one**2
    assert outcome(measure("volatility_ewma"), moving).value == pytest.approx((variance * 252) ** 0.5)


def test_beta_is_taken_over_the_common_dates(moving: Book) -> None:
    found = outcome(measure("beta"), moving)
    assert found.value == pytest.approx(2.0)
    assert found.details["benchmark"] == "SPY"
    assert (found.details["scenarios"], found.details["window_start"]) == ("400", str(DATES[101]))


def test_beta_without_a_benchmark_has_a_reason(long_short: Book) -> None:
    found = measure("beta").evaluate(long_short)
    assert isinstance(found, Missing)
    assert found.reason == "no_history"


def test_short_history_is_named() -> None:
    young = book(np.zeros(500), np.ones(501), "NEW", NEW=1)
    assert outcome(measure("max_drawdown"), young).details["limited_by"] == "NEW"


def reasons(held: Book) -> dict[str, str | None]:
    results = {row.name: row.evaluate(held) for row in MEASURES}
    return {name: found.reason if isinstance(found, Missing) else None for name, found in results.items()}


def test_flat_book_has_no_risk_and_no_ratios() -> None:
    flat = reasons(book(np.zeros(500), np.zeros(501)))
    assert flat == {
        "historical_var": None,
        "expected_shortfall": None,
        "volatility_20d": "flat_book",
        "max_drawdown": "flat_book",
        "volatility_ewma": "flat_book",
        "sharpe": "flat_book",
        "sortino": "flat_book",
        "beta": "flat_book",
        **dict.fromkeys(CONCENTRATIONS, "flat_book"),
    }


def test_book_without_any_price() -> None:
    unpriced = Book(3, {}, Missing("no_history", "not asked"))
    assert set(reasons(unpriced).values()) == {"unpriced"}


def test_missing_history_leaves_concentration() -> None:
    found = reasons(Book(1, {"NEW": Decimal(5)}, Missing("no_history", "no daily history for NEW")))
    assert {found.pop(name) for name in CONCENTRATIONS} == {None}
    assert set(found.values()) == {"no_history"}


def test_short_book_has_var_but_no_volatility() -> None:
    found = reasons(book(np.zeros(500), np.full(501, -5.0), None, AAA=-5))
    assert (found["historical_var"], found["volatility_20d"]) == (None, "not_positive_value")
