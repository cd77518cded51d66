from decimal import Decimal
from typing import get_args

import numpy as np
import pytest

from contracts.types import MeasureReason
from quant import MEASURES, Book, BookScenarios, Measure, Missing, Outcome, Reason

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
        "concentration": "flat_book",
    }


def test_book_without_any_price() -> None:
    unpriced = Book(3, {}, Missing("no_history", "not asked"))
    assert set(reasons(unpriced).values()) == {"unpriced"}


def test_missing_history_leaves_concentration() -> None:
    found = reasons(Book(1, {"NEW": Decimal(5)}, Missing("no_history", "no daily history for NEW")))
    assert found.pop("concentration") is None
    assert set(found.values()) == {"no_history"}


def test_short_book_has_var_but_no_volatility() -> None:
    found = reasons(book(np.zeros(500), np.full(501, -5.0), None, AAA=-5))
    assert (found["historical_var"], found["volatility_20d"]) == (None, "not_positive_value")
