"""Our measures beside published ones. Where a definition differs the difference is pinned, to see changes.

These stand apart from the unit tests because the peers take seconds to import.
"""

import empyrical
import numpy as np
import pytest
from skfolio.measures import cvar, get_drawdowns
from skfolio.measures import max_drawdown as skfolio_max_drawdown
from skfolio.measures import value_at_risk as skfolio_var

from quant import (
    Drawdown,
    ExpectedShortfall,
    HistoricalVar,
    expected_shortfall,
    historical_var,
    latest_volatility,
    max_drawdown,
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
