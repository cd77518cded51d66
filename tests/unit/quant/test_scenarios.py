import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    BookScenarios,
    DatedSeries,
    Holding,
    Missing,
    book_scenarios,
    carry,
    factor_matrix,
    fx_levels,
    scenario_grid,
    weekdays,
)
from quant.arrays import Dates


def dates(*texts: str) -> Dates:
    return np.array(texts, dtype="datetime64[D]")


def series(currency: str, **values: float) -> DatedSeries:
    """series("USD", d01=10.0, d03=11.0): values on the 1st and the 3rd of January 2020."""
    days = dates(*(f"2020-01-{key[1:]}" for key in values))
    return DatedSeries(days, np.array(list(values.values())), currency)


def january(first: int, last: int) -> Dates:
    return np.arange(np.datetime64(f"2020-01-{first:02}"), np.datetime64(f"2020-01-{last + 1:02}"))


def scenarios(result: BookScenarios | Missing) -> BookScenarios:
    assert isinstance(result, BookScenarios), result
    return result


AAA = series("USD", d01=10.0, d02=11.0, d03=12.0, d04=12.0)
BBB = series("EUR", d01=20.0, d03=18.0, d04=18.9)  # its market is closed on the 2nd
EURUSD = series("", d01=1.10, d02=1.20, d04=1.00)
PRICES = {"AAA": AAA, "BBB": BBB}


def test_grid_is_the_last_dates_strictly_before() -> None:
    grid = scenario_grid([AAA.dates, BBB.dates], np.datetime64("2020-01-04"), rows=2)
    np.testing.assert_array_equal(grid, dates("2020-01-02", "2020-01-03"))
    assert len(scenario_grid([], np.datetime64("2020-01-04"), 2)) == 0


def test_weekdays_leave_out_sunday_evenings() -> None:
    np.testing.assert_array_equal(weekdays(january(3, 6)), dates("2020-01-03", "2020-01-06"))


def test_carry_takes_the_newest_value_and_marks_it() -> None:
    values, carried = carry(BBB, january(1, 5))
    np.testing.assert_array_equal(values, [20.0, 20.0, 18.0, 18.9, 18.9])
    np.testing.assert_array_equal(carried, [False, True, False, False, True])
    early, unmarked = carry(AAA, dates("2019-12-31", "2020-01-01"))
    np.testing.assert_array_equal(early, [np.nan, 10.0])
    assert not unmarked.any()


def test_fx_levels_invert_and_cross() -> None:
    quotes = {"EURUSD": EURUSD, "GBPUSD": series("", d01=1.5, d03=1.6)}
    grid = january(1, 4)
    inverse, carried = fx_levels(quotes, "USD", "EUR", grid)
    np.testing.assert_allclose(inverse, 1 / np.array([1.1, 1.2, 1.2, 1.0]))
    np.testing.assert_array_equal(carried, [False, False, True, False])
    crossed, _ = fx_levels(quotes, "GBP", "EUR", grid)
    np.testing.assert_allclose(crossed, np.array([1.5, 1.5, 1.6, 1.6]) / np.array([1.1, 1.2, 1.2, 1.0]))
    unknown, _ = fx_levels(quotes, "CHF", "EUR", grid)
    assert np.isnan(unknown).all()


def test_fx_prefers_quotes_that_reach_back() -> None:
    quotes = {"EURUSD": EURUSD, "GBPUSD": series("", d01=1.5), "EURGBP": series("", d03=0.8)}
    levels, _ = fx_levels(quotes, "EUR", "GBP", january(1, 4))
    assert levels[0] == pytest.approx(1.1 / 1.5)
    late, _ = fx_levels(quotes, "EUR", "GBP", january(3, 4))
    assert late[0] == 0.8


def test_base_return_compounds_local_and_fx_return() -> None:
    factors = factor_matrix(PRICES, {"EURUSD": EURUSD}, "USD", january(1, 4))
    local, fx = 18.9 / 18.0 - 1, 1.00 / 1.20 - 1
    assert factors.returns[2, 1] == pytest.approx((1 + local) * (1 + fx) - 1)
    # A holiday: the local return is 0, FX still moves, and the next day catches up.
    assert factors.returns[0, 1] == pytest.approx(1.20 / 1.10 - 1)
    assert factors.returns[1, 1] == pytest.approx(18.0 / 20.0 - 1)


def test_book_by_hand() -> None:
    factors = factor_matrix(PRICES, {"EURUSD": EURUSD}, "USD", january(1, 4))
    book = [Holding("AAA", "USD", 1200.0, 100.0), Holding("BBB", "EUR", -200.0, -10.0)]
    found = scenarios(book_scenarios(factors, book))
    np.testing.assert_array_equal(found.dates, january(2, 4))
    np.testing.assert_allclose(
        found.pnl,
        [
            1200 * (11 / 10 - 1) - 200 * (1.2 / 1.1 - 1),
            1200 * (12 / 11 - 1) - 200 * (18 / 20 - 1),
            1200 * 0.0 - 200 * (18.9 * 1.0 / (18 * 1.2) - 1),
        ],
    )
    np.testing.assert_array_equal(found.value_dates, january(1, 4))
    np.testing.assert_allclose(found.values, [1000 - 220, 1100 - 240, 1200 - 216, 1200 - 189])
    assert (found.price_carried_share, found.fx_carried_share) == (1 / 8, 1 / 8)
    assert found.limited_by is None


def test_young_instrument_cuts_the_window_and_is_named() -> None:
    prices = {**PRICES, "NEW": series("USD", d03=5.0, d04=6.0)}
    factors = factor_matrix(prices, {"EURUSD": EURUSD}, "USD", january(1, 4))
    found = scenarios(book_scenarios(factors, [Holding("AAA", "USD", 12, 1), Holding("NEW", "USD", 6, 1)]))
    assert (len(found.pnl), found.limited_by) == (1, "NEW")
    assert scenarios(book_scenarios(factors, [Holding("AAA", "USD", 12, 1)])).limited_by is None


@pytest.mark.parametrize(
    "held",
    [Holding("ZZZ", "USD", 1, 1), Holding("AAA", "EUR", 1, 1), Holding("CCC", "CHF", 1, 1)],
    ids=["unknown", "other currency", "no FX history"],
)
def test_a_book_is_measured_whole_or_not_at_all(held: Holding) -> None:
    prices = {**PRICES, "CCC": series("CHF", d01=1.0, d02=1.0)}
    factors = factor_matrix(prices, {"EURUSD": EURUSD}, "USD", january(1, 4))
    found = book_scenarios(factors, [Holding("BBB", "EUR", 1, 1), held])
    assert isinstance(found, Missing)
    assert (found.reason, held.symbol in found.message) == ("no_history", True)


def test_one_date_makes_no_return() -> None:
    found = book_scenarios(factor_matrix(PRICES, {}, "USD", january(1, 1)), [Holding("AAA", "USD", 1, 1)])
    assert isinstance(found, Missing)
    assert found.reason == "no_history"


def test_empty_book_has_no_risk() -> None:
    found = scenarios(book_scenarios(factor_matrix(PRICES, {}, "USD", january(1, 4)), []))
    np.testing.assert_array_equal(found.pnl, np.zeros(3))
    np.testing.assert_array_equal(found.values, np.zeros(4))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-100, 100))
def test_pnl_is_linear_in_the_holdings(first: float, second: float, factor: float) -> None:
    factors = factor_matrix(PRICES, {"EURUSD": EURUSD}, "EUR", january(1, 4))

    def pnl(aaa: float, bbb: float) -> np.ndarray:
        return scenarios(
            book_scenarios(factors, [Holding("AAA", "USD", aaa, 1), Holding("BBB", "EUR", bbb, 1)])
        ).pnl

    np.testing.assert_allclose(pnl(first, second), pnl(first, 0) + pnl(0, second), atol=1e-6)
    np.testing.assert_allclose(pnl(factor * first, factor * second), factor * pnl(first, second), atol=1e-4)
