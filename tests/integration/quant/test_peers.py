"""Our measures beside published ones. Where a definition differs the difference is pinned, to see changes.

These stand apart from the unit tests because the peers take seconds to import.
"""

import empyrical
import numpy as np
import pytest
from skfolio.measures import cvar, get_drawdowns, mean, semi_deviation, standard_deviation
from skfolio.measures import max_drawdown as skfolio_max_drawdown
from skfolio.measures import value_at_risk as skfolio_var

from quant import (
    Drawdown,
    ExpectedShortfall,
    HistoricalVar,
    Missing,
    ShortfallRule,
    annual_return,
    beta,
    currency_drawdown,
    ewma_variance,
    expected_shortfall,
    historical_var,
    latest_volatility,
    max_drawdown,
    sharpe_ratio,
    sortino_ratio,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def pnl() -> np.ndarray:
    return np.random.default_rng(7).normal(0, 1000, 500)


@pytest.fixture(params=range(5))
def values(request: pytest.FixtureRequest) -> np.ndarray:
    return 100 * np.exp(np.random.default_rng(request.param).normal(0, 0.02, 300).cumsum())


def var(pnl: np.ndarray, level: int) -> float:
    found = historical_var(pnl, np.datetime64("2012-01-02") + np.arange(len(pnl)), level)
    assert isinstance(found, HistoricalVar)
    return found.value


@pytest.mark.parametrize("level", [9500, 9750, 9900])
@pytest.mark.parametrize("scenarios", [250, 500])
def test_shortfall_equals_skfolio(pnl: np.ndarray, level: int, scenarios: int) -> None:
    found = expected_shortfall(pnl[:scenarios], level)
    assert isinstance(found, ExpectedShortfall)
    assert found.value == pytest.approx(cvar(pnl[:scenarios], level / 10_000), rel=1e-12)


def test_skfolio_falls_into_the_rank_trap(pnl: np.ndarray) -> None:
    worst = np.sort(pnl)
    assert skfolio_var(pnl, 0.95) == pytest.approx(-worst[25])  # the 26th worst of 500
    assert var(pnl, 9500) == -worst[24]
    # Where N * p is no whole number the definitions agree.
    assert skfolio_var(pnl[:490], 0.95) == pytest.approx(var(pnl[:490], 9500))


def test_empyrical_var_interpolates_and_is_milder(pnl: np.ndarray) -> None:
    theirs = -empyrical.value_at_risk(pnl, cutoff=0.05)
    assert theirs == pytest.approx(-np.quantile(pnl, 0.05))
    assert var(pnl, 9500) > theirs


def test_volatility_equals_empyrical_on_the_window(values: np.ndarray) -> None:
    theirs = empyrical.annual_volatility(np.diff(np.log(values[-21:])))
    assert latest_volatility(values) == pytest.approx(theirs, rel=1e-12)


def test_drawdown_equals_peers(values: np.ndarray) -> None:
    ours = max_drawdown(values)
    assert isinstance(ours, Drawdown)
    returns = values[1:] / values[:-1] - 1
    assert ours.value == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-12)
    assert ours.value == pytest.approx(
        skfolio_max_drawdown(get_drawdowns(returns, compounded=True)), rel=1e-12
    )


@pytest.fixture
def returns(values: np.ndarray) -> np.ndarray:
    return values[1:] / values[:-1] - 1


@pytest.fixture
def benchmark(returns: np.ndarray) -> np.ndarray:
    return 0.6 * returns + np.random.default_rng(99).normal(0, 0.01, len(returns))


def test_ratios_equal_empyrical(returns: np.ndarray, benchmark: np.ndarray) -> None:
    rate = 0.0001
    assert sharpe_ratio(returns, rate) == pytest.approx(empyrical.sharpe_ratio(returns, rate), rel=1e-12)
    assert sortino_ratio(returns, rate) == pytest.approx(empyrical.sortino_ratio(returns, rate), rel=1e-12)
    assert annual_return(returns) == pytest.approx(empyrical.annual_return(returns), rel=1e-12)
    assert beta(returns, benchmark) == pytest.approx(empyrical.beta(returns, benchmark), rel=1e-9)


def test_ratios_equal_skfolio(returns: np.ndarray) -> None:
    ours = sharpe_ratio(returns, periods_per_year=1)
    assert ours == pytest.approx(mean(returns) / standard_deviation(returns), rel=1e-12)


def test_skfolio_divides_the_downside_by_one_less(returns: np.ndarray) -> None:
    """Its semi-deviation has ddof 1, which pins the difference: sqrt(n / (n - 1))."""
    theirs = mean(returns) / semi_deviation(returns, min_acceptable_return=0.0)
    ours = sortino_ratio(returns, periods_per_year=1)
    assert ours == pytest.approx(theirs * np.sqrt(len(returns) / (len(returns) - 1)), rel=1e-12)


def test_empyrical_counts_a_missing_return_where_ours_is_refused(returns: np.ndarray) -> None:
    gap = np.append(returns, np.nan)
    assert np.isfinite(empyrical.sharpe_ratio(gap))
    refused = sharpe_ratio(gap)
    assert isinstance(refused, Missing)
    assert refused.reason == "not_finite"


def test_uncompounded_drawdown_is_skfolios_default(returns: np.ndarray) -> None:
    """skfolio does not count the start as a peak; after a first gain the definitions agree."""
    risen = np.append(0.5, returns)
    ours = currency_drawdown(risen)
    assert isinstance(ours, Drawdown)
    theirs = skfolio_max_drawdown(get_drawdowns(risen, compounded=False))
    assert ours.value == pytest.approx(theirs, rel=1e-12)


def test_ewma_equals_its_recursion_in_pandas(returns: np.ndarray) -> None:
    """pandas' unadjusted mean of squares, started with our seed, is the same number."""
    pd = pytest.importorskip("pandas")
    ours = ewma_variance(returns)
    assert isinstance(ours, np.ndarray)
    seeded = pd.Series(np.concatenate(([returns[:20].var(ddof=1)], returns[20:] ** 2)))
    theirs = seeded.ewm(alpha=0.06, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_interpolated_estimator_equals_empyrical(pnl: np.ndarray) -> None:
    days = np.datetime64("2012-01-02") + np.arange(len(pnl))
    for level in (9500, 9900):
        found = historical_var(pnl, days, level, "hyndman_fan_7")
        assert isinstance(found, HistoricalVar)
        theirs = -empyrical.value_at_risk(pnl, cutoff=(10_000 - level) / 10_000)
        assert found.value == pytest.approx(theirs, rel=1e-12)


def test_empyrical_shortfall_takes_one_more_or_one_less(pnl: np.ndarray) -> None:
    # Mean of the int((n - 1) p) + 1 worst: 25 of 500 at 95 %, as ours, but 13 at 97.5 % where N p is 12.5.
    def ours(level: int, rule: ShortfallRule) -> float:
        found = expected_shortfall(pnl, level, rule)
        assert isinstance(found, ExpectedShortfall)
        return found.value

    assert -empyrical.conditional_value_at_risk(pnl, 0.05) == pytest.approx(ours(9500, "acerbi_tasche"))
    theirs = -empyrical.conditional_value_at_risk(pnl, 0.025)
    assert theirs == pytest.approx(ours(9750, "mean_of_worst"))
    assert theirs < ours(9750, "acerbi_tasche")
