from datetime import UTC, date, datetime

import numpy as np
import pytest

from measuring.core.history import CACHED_DATES, DailyHistory, FactorCache, market_date
from quant import CorporateAction, DatedSeries


def weekdays_to(end: str, count: int) -> np.ndarray:
    days = np.arange(np.datetime64(end) - 2 * count, np.datetime64(end) + 1)
    return days[np.is_busday(days)][-count:]


def prices(end: str, count: int, currency: str = "USD") -> DatedSeries:
    return DatedSeries(weekdays_to(end, count), 100.0 + np.arange(count), currency)


HISTORY = DailyHistory(
    "v1",
    prices={"AAA": prices("2013-10-31", 700), "PLNUSD": prices("2014-12-31", 900)},
    quotes={
        "EURUSD": DatedSeries(
            np.arange("2010-01-01", "2014-12-31", dtype="datetime64[D]"), np.full(1825, 1.3)
        )
    },
    actions={"AAA": (CorporateAction(np.datetime64("2013-10-16"), "split", 2.0),)},
    fx_symbols=frozenset({"PLNUSD", "EURUSD"}),
)


def test_grid_is_501_dates_strictly_before_the_market_date() -> None:
    grid = HISTORY.grid(date(2013, 10, 7), only_fx=False)
    assert len(grid) == 501
    assert grid[-1] == np.datetime64("2013-10-04")


def test_currency_pairs_make_no_dates_for_a_book_of_stocks() -> None:
    assert HISTORY.grid(date(2015, 1, 5), only_fx=False)[-1] == np.datetime64("2013-10-31")


def test_book_of_pairs_uses_weekday_fixings() -> None:
    grid = HISTORY.grid(date(2014, 10, 7), only_fx=True)
    assert (len(grid), grid[-1]) == (501, np.datetime64("2014-10-06"))
    assert np.is_busday(grid).all()


def test_splits_are_those_known_on_the_market_date() -> None:
    raw = HISTORY.prices["AAA"].values
    before = HISTORY.factor_prices(date(2013, 10, 15))["AAA"].values
    after = HISTORY.factor_prices(date(2013, 10, 16))["AAA"].values
    np.testing.assert_array_equal(before, raw)
    assert after[0] == raw[0] / 2
    assert after[-1] == raw[-1]


def test_price_of_a_pair_is_its_fixing() -> None:
    found = HISTORY.factor_prices(date(2013, 10, 7))
    assert (found["EURUSD"].values[0], found["EURUSD"].currency) == (1.3, "USD")
    assert found["PLNUSD"].values[0] == 100.0


def test_cache_gives_the_same_matrix_and_stays_small() -> None:
    cache = FactorCache(HISTORY, "USD")
    first = cache.factors(date(2013, 10, 7), "EUR", only_fx=False)
    assert first is not None
    assert cache.factors(date(2013, 10, 7), "EUR", only_fx=False) is first
    assert cache.factors(date(2013, 10, 7), "USD", only_fx=False) is not first
    for day in range(8, 8 + CACHED_DATES):
        cache.factors(date(2013, 10, day), "EUR", only_fx=False)
    assert cache.factors(date(2013, 10, 7), "EUR", only_fx=False) is not first


def test_no_history_gives_no_matrix() -> None:
    assert FactorCache(DailyHistory("empty"), "USD").factors(date(2013, 10, 7), "USD", only_fx=False) is None


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (datetime(2013, 10, 7, 14, 30, tzinfo=UTC), date(2013, 10, 7)),
        (datetime(2013, 10, 8, tzinfo=UTC), date(2013, 10, 7)),
        (datetime(2013, 10, 8, 0, 0, 0, 1, tzinfo=UTC), date(2013, 10, 8)),
    ],
)
def test_midnight_ends_the_market_date(as_of: datetime, expected: date) -> None:
    assert market_date(as_of) == expected
