"""The sweep gives what the book-by-book functions give, for every book, level and shape of the input."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant import Books, Missing, Sweep, expected_shortfall, historical_var, scenario_dates, sweep, to_books

LEVELS = (9500, 9750, 9900)


def swept(returns: np.ndarray, books: Books, levels: tuple[int, ...] = LEVELS) -> Sweep:
    found = sweep(returns, books, levels)
    assert not isinstance(found, Missing)
    return found


def book_by_book(pnl: np.ndarray, level: int) -> tuple[float, float, int, int]:
    dates = np.datetime64("2020-01-01") + np.arange(len(pnl))
    var, shortfall = historical_var(pnl, dates, level), expected_shortfall(pnl, level)
    assert not isinstance(var, Missing)
    assert not isinstance(shortfall, Missing)
    return var.value, shortfall.value, var.scenario, var.rank


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    scenarios=st.integers(100, 900),
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    levels=st.lists(st.sampled_from([5000, 6789, 9000, 9500, 9750, 9900]), min_size=1, max_size=3),
)
def test_equals_the_functions_of_one_book(
    seed: int, scenarios: int, sizes: list[int], levels: list[int]
) -> None:
    random = np.random.default_rng(seed)
    returns = random.normal(0, 0.01, (12, scenarios))
    held = [(random.choice(12, size, replace=False), random.normal(0, 1e5, size)) for size in sizes]
    found = swept(returns, to_books(held), tuple(levels))
    for book, (columns, values) in enumerate(held):
        pnl = values @ returns[columns] if len(columns) else np.zeros(scenarios)
        for place, level in enumerate(levels):
            var, shortfall, scenario, rank = book_by_book(pnl, level)
            assert found.value_at_risk[book, place] == pytest.approx(var, rel=1e-9, abs=1e-9)
            assert found.expected_shortfall[book, place] == pytest.approx(shortfall, rel=1e-9, abs=1e-9)
            assert (found.scenario[book, place], found.ranks[place]) == (scenario, rank)


@pytest.mark.parametrize("scenarios", [100, 500, 2000])  # the last has tails that are sorted, not inserted
def test_ties_name_the_earlier_scenario(scenarios: int) -> None:
    returns = np.round(np.random.default_rng(1).normal(0, 2, (1, scenarios)))
    found = swept(returns, to_books([([0], [1.0])]))
    for place, level in enumerate(LEVELS):
        var, shortfall, scenario, _ = book_by_book(returns[0], level)
        assert (found.value_at_risk[0, place], found.scenario[0, place]) == (var, scenario)
        assert found.expected_shortfall[0, place] == pytest.approx(shortfall)


def test_known_numbers_and_dates() -> None:
    returns = np.array([[-0.09, -0.04, -0.07, *[0.005] * 37]])  # N p = 2 at 95 %, 1 at 97.5 %
    found = swept(returns, to_books([([0], [10_000.0]), ([], []), ([0], [-10_000.0])]), (9500, 9750))
    assert found.value_at_risk.round(9).tolist() == [[700.0, 900.0], [0.0, 0.0], [50.0, 50.0]]
    assert found.expected_shortfall.round(9).tolist() == [[800.0, 900.0], [0.0, 0.0], [50.0, 50.0]]
    assert not np.signbit(found.value_at_risk[1]).any()
    dates = np.datetime64("2013-08-01") + np.arange(40)
    assert scenario_dates(found, dates)[0].astype(str).tolist() == ["2013-08-03", "2013-08-01"]
    with pytest.raises(ValueError, match="39 dates for 40"):
        scenario_dates(found, dates[1:])


def test_the_layout_of_the_returns_does_not_matter() -> None:
    returns = np.random.default_rng(2).normal(0, 1, (500, 7)).T
    books = to_books([(range(7), np.arange(7.0))])
    assert not returns.flags.c_contiguous
    expected = swept(np.ascontiguousarray(returns), books)
    assert (swept(returns, books).value_at_risk == expected.value_at_risk).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gap_concerns_only_the_books_that_hold_it(bad: float) -> None:
    returns = np.random.default_rng(3).normal(0, 1, (2, 200))
    returns[1, 17] = bad
    found = swept(returns, to_books([([0], [1.0]), ([0, 1], [1.0, 1.0])]))
    assert [(book, why.reason) for book, why in found.missing.items()] == [(1, "not_finite")]
    assert np.isfinite(found.value_at_risk[0]).all()
    dates = scenario_dates(found, np.datetime64("2020-01-01") + np.arange(200))
    assert np.isnat(dates).tolist() == [[False] * 3, [True] * 3]


def test_too_few_scenarios_for_the_highest_confidence() -> None:
    books = to_books([([0], [1.0])])
    assert not isinstance(sweep(np.zeros((1, 20)), books, (9500,)), Missing)
    found = sweep(np.zeros((1, 99)), books, LEVELS)
    assert isinstance(found, Missing)
    assert found.reason == "too_few_scenarios"


@pytest.mark.parametrize(
    ("books", "levels", "words"),
    [
        (Books(np.array([0, 2]), np.array([0]), np.array([1.0])), (9500,), "offsets"),
        (Books(np.array([0, 2, 1]), np.array([0]), np.array([1.0])), (9500,), "offsets"),
        (Books(np.array([0, 1]), np.array([0]), np.array([1.0, 2.0])), (9500,), "differ in length"),
        (Books(np.array([0, 1]), np.array([3]), np.array([1.0])), (9500,), "outside"),
        (Books(np.array([0, 1]), np.array([-1]), np.array([1.0])), (9500,), "outside"),
        (Books(np.array([0, 1]), np.array([0]), np.array([1.0])), (), "no confidence"),
        (Books(np.array([0, 1]), np.array([0]), np.array([1.0])), (500,), "confidence_bp"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(books: Books, levels: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sweep(np.zeros((3, 100)), books, levels)


def test_importing_quant_does_not_import_numba() -> None:
    code = "import sys, quant; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
