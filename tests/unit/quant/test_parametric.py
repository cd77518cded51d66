"""Delta-normal and Cornish-Fisher VaR, rescaled scenarios, horizons."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kurtosis, norm, skew

from quant import (
    CornishFisherVar,
    Missing,
    NormalVar,
    ScaledMoves,
    StressedWindow,
    cornish_fisher_var,
    ewma_covariance,
    ewma_deviations,
    ewma_variance,
    filtered_paths,
    historical_var,
    normal_quantile,
    overlapping_returns,
    parametric_shortfall,
    parametric_var,
    sample_covariance,
    scale_to_horizon,
    shortfall_multiple,
    stressed_window,
    volatility_scaled,
)


def moves(count: int = 300, factors: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (count, factors)) * np.array([1.0, 2.0, 0.5])[:factors]


def normal(exposures: np.ndarray, covariance: np.ndarray, level: int) -> NormalVar:
    found = parametric_var(exposures, covariance, level)
    assert isinstance(found, NormalVar), found
    return found


def modified(pnl: np.ndarray, level: int) -> CornishFisherVar:
    found = cornish_fisher_var(pnl, level)
    assert isinstance(found, CornishFisherVar), found
    return found


@pytest.mark.parametrize(("level", "z"), [(9500, 1.644854), (9750, 1.959964), (9900, 2.326348)])
def test_quantiles_are_not_rounded(level: int, z: float) -> None:
    assert normal_quantile(level) == pytest.approx(z, abs=5e-7)


def test_shortfall_of_a_normal_loss() -> None:
    # Basel's choice of 97.5 % for ES: 2.3378 sigma, close to the 2.3263 sigma of VaR at 99 %.
    assert shortfall_multiple(9750) == pytest.approx(2.3378, abs=5e-5)
    assert shortfall_multiple(9900) == pytest.approx(norm.pdf(norm.ppf(0.99)) / 0.01)


def test_hull_two_asset_example() -> None:
    # Hull, Options, Futures, and Other Derivatives, ch. 22: USD 10 million Microsoft at 2 % a day, USD 5
    # million AT&T at 1 %, correlation 0.3: deviation 220,200; 99 % ten-day VaR 1,622,657 with z = 2.33.
    covariance = np.array([[0.02**2, 0.3 * 0.02 * 0.01], [0.3 * 0.02 * 0.01, 0.01**2]])
    found = normal(np.array([10e6, 5e6]), covariance, 9900)
    assert found.deviation == pytest.approx(220_227, abs=1)
    assert scale_to_horizon(found.value, 10) == pytest.approx(1_622_657 * 2.326348 / 2.33, rel=2e-4)


@given(st.integers(0, 1000), st.sampled_from([9500, 9900]))
def test_exposures_times_marginals_are_the_var(seed: int, level: int) -> None:
    exposures = np.random.default_rng(seed).normal(0, 1e6, 3)
    covariance = sample_covariance(moves(seed=seed))
    assert not isinstance(covariance, Missing)
    found = normal(exposures, covariance, level)
    assert found.marginal is not None
    assert exposures @ found.marginal == pytest.approx(found.value, rel=1e-12)
    assert found.value == pytest.approx(
        norm.ppf(level / 10_000) * np.std(moves(seed=seed) @ exposures, ddof=1)
    )
    short = parametric_shortfall(exposures, covariance, level)
    assert isinstance(short, NormalVar)
    assert short.value > found.value


def test_sample_covariance_equals_numpy() -> None:
    assert sample_covariance(moves()) == pytest.approx(np.cov(moves().T))


def test_ewma_covariance_holds_the_ewma_variances() -> None:
    found = ewma_covariance(moves())
    assert not isinstance(found, Missing)
    assert np.diagonal(found) == pytest.approx([ewma_variance(column)[-1] for column in moves().T], rel=1e-10)
    assert np.linalg.eigvalsh(found).min() > 0


def test_hedged_and_flat_books_have_no_slope() -> None:
    covariance = np.full((2, 2), 0.01**2)
    for exposures in (np.array([1e6, -1e6]), np.zeros(2)):
        found = normal(exposures, covariance, 9900)
        assert (str(found.value), found.marginal) == ("0.0", None)


def test_what_is_no_covariance_is_refused() -> None:
    for covariance, reason in (
        (np.array([[-1.0]]), "not_positive_value"),
        (np.array([[np.nan]]), "not_finite"),
    ):
        found = parametric_var(np.ones(1), covariance, 9900)
        assert isinstance(found, Missing)
        assert found.reason == reason


def test_cornish_fisher_is_the_published_formula() -> None:
    pnl = np.random.default_rng(4).gamma(9.0, 1000.0, 500) - 9000.0
    s, k, z = skew(pnl), kurtosis(pnl), norm.ppf(0.01)
    h = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    assert modified(pnl, 9900).value == pytest.approx(-(pnl.mean() + h * pnl.std()), rel=1e-10)


@pytest.mark.parametrize("level", [9500, 9900])
def test_cornish_fisher_slope_splits_it(level: int) -> None:
    pnl = np.random.default_rng(5).standard_t(9, 400) * 1000
    found = modified(pnl, level)
    assert found.slope is not None
    assert found.slope @ pnl == pytest.approx(found.value, rel=1e-9)
    bump = np.zeros(400)
    bump[17] = 0.01
    rise = modified(pnl + bump, level).value - modified(pnl - bump, level).value
    assert rise / 0.02 == pytest.approx(found.slope[17], rel=1e-4)


def test_cornish_fisher_outside_its_domain_is_no_number() -> None:
    # One crash a century: the cubic turns, so that a higher confidence would lose less.
    pnl = np.append(np.random.default_rng(6).normal(0, 1.0, 999), -60.0)
    found = cornish_fisher_var(pnl, 9500)
    assert isinstance(found, Missing)
    assert found.reason == "outside_domain"


def test_cornish_fisher_of_constants_and_of_too_few() -> None:
    assert modified(np.full(10, 3.0), 9500).value == -3.0
    assert str(modified(np.zeros(10), 9500).value) == "0.0"
    assert isinstance(cornish_fisher_var(np.arange(3.0), 9500), Missing)


def test_deviations_follow_the_ewma_recursion() -> None:
    found = ewma_deviations(moves())
    assert not isinstance(found, Missing)
    for column, deviation in zip(moves().T, found.T, strict=True):
        assert deviation**2 == pytest.approx(ewma_variance(column), rel=1e-12)


def test_scaling_brings_every_date_to_the_volatility_of_now() -> None:
    calm_then_wild = moves(400, 1)
    calm_then_wild[200:] *= 4
    found = volatility_scaled(calm_then_wild)
    assert isinstance(found, ScaledMoves)
    assert found.dropped == 20
    spread = found.moves.std(axis=0)
    assert spread == pytest.approx(calm_then_wild[200:].std(axis=0), rel=0.3)
    assert found.moves[:150].std() == pytest.approx(found.moves[230:].std(), rel=0.3)


@given(st.floats(0.01, 100))
def test_scaling_does_not_depend_on_units(factor: float) -> None:
    first, second = volatility_scaled(moves()), volatility_scaled(factor * moves())
    assert isinstance(first, ScaledMoves)
    assert isinstance(second, ScaledMoves)
    assert second.moves == pytest.approx(factor * first.moves, rel=1e-9)


def test_a_price_that_stands_still_is_not_scaled() -> None:
    still = np.concatenate((np.zeros((60, 1)), moves(100, 1)))
    found = volatility_scaled(np.concatenate((still, moves(160, 1)), axis=1))
    assert isinstance(found, ScaledMoves)
    assert found.unscaled.tolist() == [True, False]
    assert np.isfinite(found.moves).all()
    assert found.moves[40, 0] == still[60, 0]


def test_filtered_paths_repeat_and_spread_with_the_horizon() -> None:
    ten, again = filtered_paths(moves(500, 2), 10), filtered_paths(moves(500, 2), 10)
    assert not isinstance(ten, Missing)
    assert not isinstance(again, Missing)
    assert (ten[0] == again[0]).all()
    assert ten[1].min() >= 20
    now = volatility_scaled(moves(500, 2))
    assert isinstance(now, ScaledMoves)
    assert ten[0].std(axis=0) == pytest.approx(sqrt(10) * now.moves.std(axis=0), rel=0.2)
    with pytest.raises(ValueError, match="at least 2"):
        filtered_paths(moves(), 1)


def test_overlapping_returns_compound() -> None:
    prices = 100 * np.exp(moves(50, 2).cumsum(axis=0))
    daily = prices[1:] / prices[:-1] - 1
    assert overlapping_returns(daily, 10) == pytest.approx(prices[10:] / prices[:-10] - 1)
    assert (overlapping_returns(daily, 1) == daily).all() or overlapping_returns(daily, 1) == pytest.approx(
        daily
    )
    assert overlapping_returns(daily[:5, 0], 6).shape == (0,)


def test_square_root_of_time() -> None:
    assert scale_to_horizon(100.0, 10) == pytest.approx(316.2278)
    with pytest.raises(ValueError, match="at least 1"):
        scale_to_horizon(1.0, 0)


def test_stressed_window_is_the_worst_of_all() -> None:
    pnl = np.random.default_rng(8).normal(0, 100, 900)
    pnl[400:600] *= 5
    found = stressed_window(pnl, 9900)
    assert isinstance(found, StressedWindow)
    days = np.datetime64("2007-01-01") + np.arange(252)
    every = [historical_var(pnl[i : i + 252], days, 9900) for i in range(900 - 252 + 1)]
    values = [one.value for one in every if not isinstance(one, Missing)]
    assert (found.value, found.start, found.windows) == (max(values), int(np.argmax(values)), len(values))


@pytest.mark.parametrize(("count", "window"), [(251, 252), (500, 50)])
def test_no_window_no_stressed_var(count: int, window: int) -> None:
    found = stressed_window(np.zeros(count), 9900, window=window)
    assert isinstance(found, Missing)
    assert found.reason == "too_few_scenarios"
