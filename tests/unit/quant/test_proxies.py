"""Proxies: new listings and long gaps, filled by sector or market moves and recorded."""

import numpy as np
import pytest

from quant import DatedSeries, Holding, Missing, book_scenarios, factor_matrix, fill_prices, long_gaps
from quant.arrays import Dates, Floats

DAYS: Dates = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-01") + 200)
MARKET = np.random.default_rng(1).normal(0, 0.01, 200)
GROUPS = {"AAA": "Banks", "BBB": "Banks", "CCC": "Tech", "NEW": "Banks"}


def prices_of(moves: Floats) -> Floats:
    return 100 * np.cumprod(1 + moves)


PEERS = {
    "AAA": DatedSeries(DAYS, prices_of(MARKET), "USD"),
    "BBB": DatedSeries(DAYS, prices_of(MARKET), "USD"),
    "CCC": DatedSeries(DAYS, prices_of(-MARKET), "USD"),
}


def with_new(rows: slice | Floats, symbol: str = "NEW", moves: Floats = 2 * MARKET) -> dict[str, DatedSeries]:
    return {**PEERS, symbol: DatedSeries(DAYS[rows], prices_of(moves)[rows], "USD")}


def test_a_new_listing_moves_by_beta_times_its_sector() -> None:
    factors = factor_matrix(with_new(slice(100, None)), {}, "USD", DAYS, groups=GROUPS)
    proxy = factors.proxies["NEW"]
    assert (proxy.index, proxy.members, proxy.observations, proxy.rows) == ("Banks", 2, 99, 100)
    assert proxy.beta == pytest.approx(2.0)
    np.testing.assert_allclose(factors.returns[:, 3], 2 * MARKET[1:])
    found = book_scenarios(factors, [Holding("NEW", "USD", 100.0, 1.0)])
    assert not isinstance(found, Missing)
    assert (len(found.pnl), found.limited_by, found.proxies) == (199, None, (proxy,))
    assert str(proxy) == "NEW=2*Banks(100)"
    untouched = book_scenarios(factors, [Holding("AAA", "USD", 100.0, 1.0)])
    assert not isinstance(untouched, Missing)
    assert untouched.proxies == ()


def test_own_prices_are_kept() -> None:
    series = with_new(slice(100, None))
    factors = factor_matrix(series, {}, "USD", DAYS, groups=GROUPS)
    np.testing.assert_array_equal(factors.levels[100:, 3], series["NEW"].values)


def test_few_observations_make_beta_one_and_no_sector_means_the_market() -> None:
    factors = factor_matrix(with_new(slice(180, None)), {}, "USD", DAYS, groups=GROUPS)
    assert (factors.proxies["NEW"].beta, factors.proxies["NEW"].observations) == (1.0, 19)
    alone = {**GROUPS, "NEW": "Energy"}
    factors = factor_matrix(with_new(slice(180, None)), {}, "USD", DAYS, groups=alone)
    assert (factors.proxies["NEW"].index, factors.proxies["NEW"].members) == ("market", 3)


def test_without_groups_the_window_is_cut_and_the_name_told() -> None:
    factors = factor_matrix(with_new(slice(100, None)), {}, "USD", DAYS)
    found = book_scenarios(factors, [Holding("NEW", "USD", 100.0, 1.0)])
    assert not isinstance(found, Missing)
    assert (len(found.pnl), found.limited_by, found.proxies) == (99, "NEW", ())


def test_an_instrument_without_any_history_gets_no_proxy() -> None:
    prices = {**PEERS, "NEW": DatedSeries(DAYS[:0], np.empty(0), "USD")}
    found = book_scenarios(
        factor_matrix(prices, {}, "USD", DAYS, groups=GROUPS), [Holding("NEW", "USD", 1.0, 1.0)]
    )
    assert isinstance(found, Missing)


def test_a_short_gap_is_carried_and_a_long_one_follows_the_sector_then_catches_up() -> None:
    for length, filled in ((10, False), (11, True)):
        rows = np.r_[0:50, 50 + length : 200]
        factors = factor_matrix(with_new(rows), {}, "USD", DAYS, groups=GROUPS)
        assert ("NEW" in factors.proxies) is filled
        returns = factors.returns[49 : 49 + length, 3]
        beta = factors.proxies["NEW"].beta if filled else 0.0
        np.testing.assert_allclose(returns, beta * MARKET[50 : 50 + length], atol=1e-12)
        assert factors.levels[50 + length, 3] == with_new(rows)["NEW"].values[50]


def test_a_long_gap_without_a_proxy_cuts_the_history() -> None:
    rows = np.r_[0:50, 70:200]
    factors = factor_matrix(with_new(rows), {}, "USD", DAYS)
    assert factors.first[3] == 70
    # A history that ends keeps its last price.
    ended = factor_matrix(with_new(slice(0, 150)), {}, "USD", DAYS, groups=GROUPS)
    assert ended.first[3] == 0
    assert ended.proxies == {}
    np.testing.assert_array_equal(ended.returns[150:, 3], 0.0)


def test_long_gaps_need_an_end() -> None:
    carried = np.zeros((30, 2), dtype=np.bool_)
    carried[5:17, 0] = carried[15:, 1] = True
    assert np.flatnonzero(long_gaps(carried).any(axis=1)).tolist() == list(range(5, 17))


def test_nothing_to_fill_returns_the_same_prices() -> None:
    prices = np.ones((3, 2))
    assert fill_prices(prices, np.zeros((3, 2), dtype=np.bool_), ["A", "B"], {}).prices is prices
