"""Annual return, Sharpe, Sortino, beta and tracking error."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import Missing, annual_return, beta, sharpe_ratio, sortino_ratio, tracking_error
from quant.arrays import Floats
from quant.result import Result

returns_of = st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=60).map(np.array)


def value(result: Result[float]) -> float:
    assert isinstance(result, float), result
    return result


# Twelve monthly returns and their benchmark, worked out by hand in a spreadsheet's arithmetic.
FUND = np.array([0.02, -0.01, 0.03, 0.01, -0.02, 0.04, 0.00, 0.01, -0.03, 0.02, 0.01, 0.02])
INDEX = np.array([0.01, -0.02, 0.02, 0.02, -0.01, 0.03, 0.01, 0.00, -0.02, 0.01, 0.00, 0.02])


def test_annual_return_compounds() -> None:
    assert value(annual_return(np.array([0.1, -0.1]), 2)) == pytest.approx(-0.01)
    assert value(annual_return(np.array([0.01]), 12)) == pytest.approx(1.01**12 - 1)
    assert value(annual_return(FUND, 12)) == pytest.approx(np.prod(1 + FUND) - 1)


def test_sharpe_forms_differ_by_design() -> None:
    arithmetic = value(sharpe_ratio(FUND, 0.001, 12))
    assert arithmetic == pytest.approx((FUND - 0.001).mean() / FUND.std(ddof=1) * 12**0.5)
    geometric = value(sharpe_ratio(FUND, 0.001, 12, form="geometric"))
    assert geometric == pytest.approx((np.prod(1 + FUND - 0.001) - 1) / (FUND.std(ddof=1) * 12**0.5))
    assert arithmetic != geometric


def test_sortino_counts_all_or_only_the_falls() -> None:
    full = value(sortino_ratio(FUND, 0.0, 12))
    downside = (0.01**2 + 0.02**2 + 0.03**2) ** 0.5
    assert full == pytest.approx(FUND.mean() / (downside / 12**0.5) * 12**0.5)
    subset = value(sortino_ratio(FUND, 0.0, 12, denominator="subset"))
    assert subset == pytest.approx(full * (3 / 12) ** 0.5)


def test_beta_equals_the_slope_of_numpy() -> None:
    assert value(beta(FUND, INDEX)) == pytest.approx(np.polyfit(INDEX, FUND, 1)[0])
    assert value(beta(INDEX, INDEX)) == pytest.approx(1.0)


def test_tracking_error_is_the_volatility_of_the_difference() -> None:
    assert value(tracking_error(FUND, INDEX, 12)) == pytest.approx((FUND - INDEX).std(ddof=1) * 12**0.5)
    assert value(tracking_error(FUND, FUND)) == 0.0


@given(returns_of, st.floats(0.1, 5))
def test_beta_is_linear_and_sharpe_does_not_depend_on_size(returns: Floats, size: float) -> None:
    benchmark = np.linspace(-0.1, 0.1, len(returns))
    assert value(beta(size * returns, benchmark)) == pytest.approx(
        size * value(beta(returns, benchmark)), abs=1e-9
    )
    sharpe = sharpe_ratio(returns)
    if not isinstance(sharpe, Missing) and returns.std() > 1e-6:
        assert value(sharpe_ratio(size * returns)) == pytest.approx(sharpe, rel=1e-6)


EMPTY, ONE, FLAT = np.array([]), np.array([0.01]), np.full(5, 0.1)
BAD = np.array([0.01, np.nan, 0.02])


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: annual_return(EMPTY), "too_few_scenarios"),
        (lambda: annual_return(np.array([-1.0, 0.1])), "not_positive_value"),
        (lambda: annual_return(BAD), "not_finite"),
        (lambda: sharpe_ratio(ONE), "too_few_scenarios"),
        (lambda: sharpe_ratio(FLAT), "not_positive_value"),
        (lambda: sharpe_ratio(BAD), "not_finite"),
        (lambda: sortino_ratio(ONE), "too_few_scenarios"),
        (lambda: sortino_ratio(FLAT), "not_positive_value"),
        (lambda: beta(ONE, ONE), "too_few_scenarios"),
        (lambda: beta(FUND[:5], FLAT), "not_positive_value"),
        (lambda: beta(BAD, FUND[:3]), "not_finite"),
        (lambda: beta(FUND[:3], BAD), "not_finite"),
        (lambda: tracking_error(EMPTY, EMPTY), "too_few_scenarios"),
        (lambda: tracking_error(FUND[:3], BAD), "not_finite"),
    ],
)
def test_no_ratio_has_a_reason(call: Callable[[], Result[float]], reason: str) -> None:
    found = call()
    assert isinstance(found, Missing)
    assert found.reason == reason


def test_different_lengths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        beta(FUND, INDEX[1:])
