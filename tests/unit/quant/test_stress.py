"""Stress: made-up shocks, replayed periods and the way back from a loss to a move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import (
    NAMED_PERIODS,
    CorporateAction,
    DatedSeries,
    FactorMatrix,
    Holding,
    LikelyMove,
    Missing,
    Shock,
    StressPosition,
    StressResult,
    UniformMove,
    adjusted_closes,
    book_scenarios,
    factor_matrix,
    historical_stress,
    hypothetical_stress,
    most_likely_move,
    relative_move,
    shift_level,
    shifts,
    smallest_uniform_move,
    worst_period,
)
from quant.arrays import Dates, Floats

DAYS: Dates = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-31"))
SIZES = st.floats(-0.9, 3)


def walk(seed: int, start: float = 100.0) -> Floats:
    return start * np.exp(np.random.default_rng(seed).normal(0, 0.02, len(DAYS)).cumsum())


PRICES = {
    "AAA": DatedSeries(DAYS, walk(1), "USD"),
    "BBB": DatedSeries(DAYS, walk(2), "EUR"),
    "EURUSD": DatedSeries(DAYS, walk(3, 1.1), "USD"),
}
QUOTES = {"EURUSD": DatedSeries(DAYS, walk(3, 1.1))}
BOOK = [Holding("AAA", "USD", 1000.0, 10.0), Holding("BBB", "EUR", -550.0, -5.0)]


def factors(base: str = "USD") -> FactorMatrix:
    return factor_matrix(PRICES, QUOTES, base, DAYS)


def position(
    symbol: str, currency: str, value: float, asset_class: str = "equity", sector: str | None = None
) -> StressPosition:
    rate = {"USD": 1.0, "EUR": 1.1, "GBP": 1.5}[currency]
    return StressPosition(
        Holding(symbol, currency, value, value / rate / 50.0), asset_class, sector, 50.0, rate
    )


POSITIONS = [
    position("AAA", "USD", 1000.0, sector="Banks"),
    position("BBB", "EUR", -550.0),
    position("EURUSD", "USD", 1100.0, "fx"),
]


def stressed(*shocks: Shock, base: str = "USD", book: list[StressPosition] = POSITIONS) -> StressResult:
    found = hypothetical_stress(book, shocks, base)
    assert isinstance(found, StressResult), found
    return found


@pytest.mark.parametrize(
    ("shock", "pnl"),
    [
        (Shock("all", "", -0.1), [-100, 55, -110]),
        (Shock("symbol", "AAA", 0.2), [200, 0, 0]),
        (Shock("asset_class", "equity", -0.5), [-500, 275, 0]),
        (Shock("sector", "Banks", -1.0), [-1000, 0, 0]),
        (Shock("currency", "EUR", 0.1), [0, -55, 0]),
        (Shock("symbol", "AAA", -5.0, "absolute"), [-100, 0, 0]),
        (Shock("symbol", "AAA", float(np.log(1.5)), "log"), [500, 0, 0]),
        # A stronger euro raises what is held in euro and the price of the pair.
        (Shock("currency", "EUR", 0.1, factor="fx"), [0, -55, 110]),
        (Shock("all", "", 0.1, factor="fx"), [0, -55, 110]),
        (Shock("currency", "EUR", -0.11, "absolute", factor="fx"), [0, 55, -110]),
        # A stronger dollar in a dollar book is weaker other currencies.
        (Shock("currency", "USD", 0.25, factor="fx"), [0, 110, -220]),
    ],
)
def test_what_a_shock_moves(shock: Shock, pnl: list[float]) -> None:
    found = stressed(shock)
    np.testing.assert_allclose(found.position_pnl, pnl, atol=1e-9)
    assert found.pnl == pytest.approx(sum(pnl))
    assert found.warnings == ()


def test_price_and_fx_shocks_multiply() -> None:
    found = stressed(Shock("all", "", -0.2), Shock("currency", "EUR", -0.1, factor="fx"))
    assert found.position_pnl[1] == pytest.approx(-550 * (0.8 * 0.9 - 1))
    assert found.position_pnl[2] == pytest.approx(1100 * (0.9 * 0.8 - 1))
    assert found.price_moves[1] == pytest.approx(-0.2)
    assert found.fx_moves[1] == pytest.approx(-0.1)


@given(SIZES, SIZES)
def test_shocks_compose_multiplicatively(first: float, second: float) -> None:
    twice = stressed(Shock("all", "", first), Shock("symbol", "AAA", second))
    once = stressed(Shock("symbol", "AAA", (1 + first) * (1 + second) - 1))
    assert twice.position_pnl[0] == pytest.approx(once.position_pnl[0], abs=1e-9)


@given(st.sampled_from(["relative", "absolute", "log"]), st.sampled_from(["price", "fx"]))
def test_a_shock_of_zero_changes_nothing(kind: str, factor: str) -> None:
    shocks = [Shock("currency", "EUR", 0.0, kind, factor)]  # type: ignore[arg-type]
    assert stressed(*shocks).pnl == 0.0
    assert stressed().pnl == 0.0


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        ({"selector": "all", "value": "", "size": -1.01}, "below -100 %"),
        ({"selector": "all", "value": "", "size": float("nan")}, "no number"),
        ({"selector": "sector", "value": "Banks", "size": 0.1, "factor": "fx"}, "selects a currency"),
        ({"selector": "currency", "value": "EUR", "size": -1.0, "factor": "fx"}, "no rate"),
    ],
)
def test_shocks_that_make_no_sense_are_refused(shock: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Shock(**shock)


def test_a_shock_that_matches_nothing_warns() -> None:
    found = stressed(Shock("symbol", "ZZZ", -0.5), Shock("currency", "JPY", 0.1, factor="fx"))
    assert found.pnl == 0.0
    assert len(found.warnings) == 2
    assert "symbol ZZZ" in found.warnings[0]
    assert "JPY" in found.warnings[1]


def test_absolute_shocks_need_a_level_and_keep_it_above_zero() -> None:
    unknown = StressPosition(Holding("AAA", "EUR", 100.0, 1.0), "equity", None, None, None)
    for shock, reason in [
        (Shock("all", "", -1.0, "absolute"), "no_price"),
        (Shock("currency", "EUR", 0.1, "absolute", "fx"), "no_fx_rate"),
    ]:
        found = hypothetical_stress([unknown], [shock], "USD")
        assert isinstance(found, Missing)
        assert found.reason == reason
    below = hypothetical_stress(POSITIONS, [Shock("symbol", "AAA", -50.5, "absolute")], "USD")
    assert isinstance(below, Missing)
    assert below.reason == "not_positive_value"


def test_an_empty_book_has_nothing_to_lose() -> None:
    assert stressed(book=[]).pnl == 0.0
    assert stressed(Shock("all", "", -0.5), book=[]).warnings != ()


@pytest.mark.parametrize("base", ["USD", "EUR"])
def test_a_replayed_day_is_the_scenario_of_that_day_exactly(base: str) -> None:
    scenarios = book_scenarios(factors(base), BOOK)
    assert not isinstance(scenarios, Missing)
    for row, day in enumerate(scenarios.dates):
        found = historical_stress(factors(base), BOOK, day, day)
        assert isinstance(found, StressResult)
        np.testing.assert_array_equal(found.position_pnl, scenarios.position_pnl[row])
        assert found.pnl == scenarios.pnl[row]


def test_a_period_is_one_move_and_needs_the_day_before() -> None:
    found = historical_stress(factors(), BOOK, DAYS[5], DAYS[9])
    assert isinstance(found, StressResult)
    levels = factors().levels
    assert found.pnl == pytest.approx(
        1000 * (levels[9, 0] / levels[4, 0] - 1) - 550 * (levels[9, 1] / levels[4, 1] - 1)
    )
    assert found.price_moves[1] == pytest.approx(PRICES["BBB"].values[9] / PRICES["BBB"].values[4] - 1)
    for first, last in ((DAYS[0], DAYS[3]), (DAYS[20], DAYS[-1] + 1), (DAYS[-1] + 5, DAYS[-1] + 6)):
        missing = historical_stress(factors(), BOOK, first, last)
        assert isinstance(missing, Missing)
        assert missing.reason == "no_history"


def test_holdings_without_history_are_named_and_not_shocked() -> None:
    book = [*BOOK, Holding("NEW", "USD", 500.0, 5.0)]
    found = historical_stress(factors(), book, DAYS[5], DAYS[5])
    assert isinstance(found, StressResult)
    assert (found.not_shocked, found.position_pnl[2]) == (("NEW",), 0.0)
    assert isinstance(historical_stress(factors(), book[2:], DAYS[5], DAYS[5]), Missing)


def test_worst_period_is_the_lowest_of_all() -> None:
    rows = worst_period(factors(), BOOK, 5)
    assert isinstance(rows, tuple)
    levels = factors().levels[:, :2]
    sums = [float((levels[t + 5] / levels[t] - 1) @ [1000, -550]) for t in range(len(DAYS) - 5)]
    assert rows == (int(np.argmin(sums)), int(np.argmin(sums)) + 5)
    assert isinstance(worst_period(factors(), BOOK, 30), Missing)
    assert isinstance(worst_period(factors(), [Holding("NEW", "USD", 1.0, 1.0)], 5), Missing)


def test_named_periods_are_in_order_and_unique() -> None:
    assert len({one.name for one in NAMED_PERIODS}) == len(NAMED_PERIODS)
    assert all(one.first <= one.last for one in NAMED_PERIODS)


def test_a_split_changes_no_stress() -> None:
    raw = np.where(np.datetime64("2020-01-15") <= DAYS, 1 / 7, 1.0) * walk(1)
    split = CorporateAction(np.datetime64("2020-01-15"), "split", 7.0)
    closes = adjusted_closes(DAYS, raw, [split], DAYS[-1])
    assert not isinstance(closes, Missing)
    adjusted = factor_matrix({"AAA": DatedSeries(DAYS, closes, "USD")}, {}, "USD", DAYS)
    for book in (BOOK[:1],):
        with_split, without = book_scenarios(adjusted, book), book_scenarios(factors(), book)
        assert not isinstance(with_split, Missing)
        assert not isinstance(without, Missing)
        np.testing.assert_allclose(with_split.pnl, without.pnl, atol=1e-9)


@given(st.floats(1, 5000), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_smallest_uniform_move_of_a_linear_book(loss: float, first: float, second: float) -> None:
    found = smallest_uniform_move([Holding("A", "USD", first, 1.0), Holding("B", "USD", second, 1.0)], loss)
    net = first + second
    if abs(net) < 1e-9 or not -1 <= -loss / net <= 5:
        assert isinstance(found, Missing)
        assert found.reason == "not_reached"
    else:
        assert isinstance(found, UniformMove)
        assert found.move == pytest.approx(-loss / net, rel=1e-6)
        assert found.pnl == pytest.approx(-loss, rel=1e-6)


def test_most_likely_move_of_a_linear_book_is_the_closed_form() -> None:
    returns = factors().returns[:, :2]
    found = most_likely_move(BOOK, returns, 100.0)
    assert isinstance(found, LikelyMove)
    covariance = np.cov(returns, rowvar=False)
    w = np.array([1000.0, -550.0])
    np.testing.assert_allclose(found.moves, -100 * covariance @ w / (w @ covariance @ w), rtol=1e-6)
    assert found.distance == pytest.approx(100 / np.sqrt(w @ covariance @ w))
    assert found.pnl == pytest.approx(-100.0)
    # No other move that loses as much is nearer.
    inverse = np.linalg.inv(covariance)
    for shift in np.linspace(-0.1, 0.1, 21):
        other = np.array([found.moves[0] + shift, 0.0])
        other[1] = (-100 - w[0] * other[0]) / w[1]
        assert np.sqrt(other @ inverse @ other) >= found.distance - 1e-9


def test_reverse_stress_of_books_that_cannot_lose() -> None:
    flat = most_likely_move([Holding("A", "USD", 100.0, 1.0)], np.zeros((10, 1)), 5.0)
    for found in (smallest_uniform_move([], 1.0), most_likely_move([], np.zeros((5, 0)), 1.0), flat):
        assert isinstance(found, Missing)
    with pytest.raises(ValueError, match="above zero"):
        smallest_uniform_move(BOOK, 0.0)


def test_shifts_by_kind_and_back() -> None:
    history = np.array([2.0, 2.2, 1.1])
    np.testing.assert_allclose(shifts(history, "relative"), [0.1, -0.5])
    np.testing.assert_allclose(shifts(history, "absolute"), [0.2, -1.1])
    np.testing.assert_allclose(shifts(history, "log"), np.log([1.1, 0.5]))
    for kind in ("relative", "log"):
        moves = shifts(history, kind)
        assert not isinstance(moves, Missing)
        np.testing.assert_allclose(shift_level(10.0, moves, kind), [11.0, 5.0])
    np.testing.assert_allclose(shift_level(0.01, np.array([-0.02]), "absolute"), [-0.01])
    assert isinstance(shifts(np.array([1.0, -1.0]), "log"), Missing)
    assert isinstance(shifts(np.array([1.0, np.nan]), "absolute"), Missing)
    assert isinstance(relative_move(0.0, np.array([0.1]), "relative"), Missing)
    with pytest.raises(ValueError, match="below -100 %"):
        shift_level(1.0, np.array([-1.5]), "relative")
