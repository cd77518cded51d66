"""Closes adjusted for splits and dividends, on made-up and on real prices."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import CorporateAction, Missing, adjusted_closes, simple_returns
from quant.arrays import Dates, Floats

DAILY = Path(__file__).parents[3] / "data/daily/us-equity-daily-unadjusted.parquet"
FAR = np.datetime64("2100-01-01")


def split(date: str, ratio: float) -> CorporateAction:
    return CorporateAction(np.datetime64(date), "split", ratio)


def dividend(date: str, cash: float) -> CorporateAction:
    return CorporateAction(np.datetime64(date), "dividend", cash)


def adjust(dates: Dates, closes: Floats, *actions: CorporateAction, known_at: np.datetime64 = FAR) -> Floats:
    found = adjusted_closes(dates, closes, actions, known_at)
    assert not isinstance(found, Missing), found
    return found


def returns(prices: Floats) -> Floats:
    found = simple_returns(prices)
    assert not isinstance(found, Missing), found
    return found


def days(start: str, count: int) -> Dates:
    return np.datetime64(start) + np.arange(count)


def test_split_restates_earlier_closes() -> None:
    adjusted = adjust(days("2020-01-01", 4), np.array([100.0, 104.0, 26.0, 27.0]), split("2020-01-03", 4))
    np.testing.assert_allclose(adjusted, [25.0, 26.0, 26.0, 27.0])


def test_dividend_is_added_back_on_its_ex_date() -> None:
    closes = np.array([100.0, 98.0, 99.0])
    adjusted = adjust(days("2020-01-01", 3), closes, dividend("2020-01-02", 2.0))
    np.testing.assert_allclose(returns(adjusted), [(98 + 2) / 100 - 1, 99 / 98 - 1])
    assert adjusted[-1] == 99.0


def test_split_and_dividend_on_one_date() -> None:
    closes = np.array([100.0, 49.0])
    adjusted = adjust(days("2020-01-01", 2), closes, split("2020-01-02", 2), dividend("2020-01-02", 3.0))
    np.testing.assert_allclose(returns(adjusted), [(49 * 2 + 3) / 100 - 1])


def test_action_between_two_dates_counts_on_the_later_one() -> None:
    dates = np.array(["2020-01-03", "2020-01-06"], dtype="datetime64[D]")
    adjusted = adjust(dates, np.array([100.0, 50.0]), split("2020-01-04", 2))
    np.testing.assert_allclose(returns(adjusted), [0.0])


def test_split_after_the_last_close_restates_all_of_it() -> None:
    adjusted = adjust(
        days("2020-01-01", 2), np.array([100.0, 104.0]), split("2020-01-03", 4), dividend("2020-01-03", 9)
    )
    np.testing.assert_allclose(adjusted, [25.0, 26.0])


def test_action_not_yet_known_has_no_effect() -> None:
    closes = np.array([100.0, 104.0])
    late = adjust(days("2020-01-01", 2), closes, split("2020-01-03", 4), known_at=np.datetime64("2020-01-02"))
    np.testing.assert_array_equal(late, closes)


def test_bad_ratio_is_a_reason() -> None:
    found = adjusted_closes(days("2020-01-01", 2), np.array([1.0, 1.0]), [split("2020-01-02", 0)], FAR)
    assert isinstance(found, Missing)
    assert found.reason == "not_positive_value"


@given(
    st.lists(st.floats(1, 1000), min_size=3, max_size=40),
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from([2.0, 3.0, 7.0, 0.1])), max_size=4),
)
def test_returns_of_a_split_stock_are_those_of_the_unsplit_one(
    prices: list[float], splits: list[tuple[int, float]]
) -> None:
    dates = days("2020-01-01", len(prices))
    raw = np.array(prices)
    actions = []
    for row, ratio in splits:
        if row < len(prices):
            raw[row:] /= ratio
            actions.append(CorporateAction(dates[row], "split", ratio))
    np.testing.assert_allclose(returns(adjust(dates, raw, *actions)), returns(np.array(prices)), atol=1e-12)


@pytest.fixture(scope="module")
def aapl() -> tuple[Dates, Floats]:
    frame = pl.read_parquet(DAILY).filter(pl.col("symbol") == "AAPL").sort("date")
    return frame["date"].to_numpy().astype("datetime64[D]"), frame["close"].cast(pl.Float64).to_numpy()


@pytest.mark.parametrize(("date", "ratio", "fake"), [("2014-06-09", 7, -0.855), ("2020-08-31", 4, -0.742)])
def test_real_splits_of_aapl_are_no_losses(
    aapl: tuple[Dates, Floats], date: str, ratio: int, fake: float
) -> None:
    dates, raw = aapl
    row = int(np.searchsorted(dates, np.datetime64(date)))
    assert raw[row] / raw[row - 1] - 1 == pytest.approx(fake, abs=5e-4)
    adjusted = adjust(dates, raw, split("2014-06-09", 7), split("2020-08-31", 4))
    assert adjusted[row] / adjusted[row - 1] - 1 == pytest.approx(raw[row] * ratio / raw[row - 1] - 1)
    assert abs(adjusted[row] / adjusted[row - 1] - 1) < 0.04
    np.testing.assert_array_equal(adjusted[-100:], raw[-100:])
