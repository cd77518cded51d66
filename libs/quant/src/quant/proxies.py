"""Prices where an instrument had none, before its listing and in long gaps: by the moves of its sector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quant.arrays import Bools, Floats

LONG_GAP = (
    10  # more dates in a row without a price are not a holiday: the last price is not carried over them
)
MINIMUM_FOR_BETA = 60  # returns; with fewer beta is 1
MARKET = "market"  # the index of an instrument whose sector has no history


@dataclass(frozen=True, slots=True)
class Proxy:
    """Whose moves stand in for an instrument's own: beta times the mean return of its sector, or of all.

    `rows` is the number of dates filled, `last_row` the last of them, `members` how many other instruments
    the index has, `observations` the returns that beta comes from; beta is 1 where they are fewer than 60.
    """

    symbol: str
    index: str
    members: int
    beta: float
    observations: int
    rows: int
    last_row: int

    def __str__(self) -> str:
        return f"{self.symbol}={self.beta:.3g}*{self.index}({self.rows})"


@dataclass(frozen=True, slots=True)
class FilledPrices:
    """Local prices (T, F), NaN where nothing is known, and the proxies by symbol."""

    prices: Floats
    proxies: Mapping[str, Proxy]


def long_gaps(carried: Bools, longest: int = LONG_GAP) -> Bools:
    """Where a price was carried over more than `longest` dates in a row and a later one ends the gap: (T, F).

    A history that simply ends is no gap: the last price stays (a delisted instrument is worth what it paid).
    """
    found = np.zeros(carried.shape, dtype=np.bool_)
    for column in np.flatnonzero(carried.sum(axis=0) > longest):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], carried[:, column], [False]))))
        for start, end in edges.reshape(-1, 2).tolist():
            if end - start > longest and end < len(carried):
                found[start:end, column] = True
    return found


def fill_prices(
    prices: Floats, carried: Bools, symbols: Sequence[str], groups: Mapping[str, str] | None = None
) -> FilledPrices:
    """Prices with the dates before a listing and long gaps filled by a proxy, or cut.

    Inputs: local prices (T, F) as carried, NaN before the first; where they were carried; the symbols; and
    the sector of each symbol that may have a proxy and serve as one ("" when it has no sector).
    Output: the same prices where an instrument has its own. A filled return is beta times the mean return of
    the others of its sector on that date (residual 0); without such a sector that of all; the first own price
    after a gap catches up. Without a proxy a long gap cuts the history: what lies before it becomes NaN.
    Formula: beta = cov / var (ddof 1) over the dates on which both have a return.
    Source: docs/reference/measures/scenarios.md.
    """
    gaps = long_gaps(carried)
    own = ~np.isnan(prices) & ~gaps
    needy = np.flatnonzero(own.any(axis=0) & ~own.all(axis=0))
    if not len(needy):
        return FilledPrices(prices, {})
    filled, proxies = prices.copy(), dict[str, Proxy]()
    members = groups or {}
    returns = _own_returns(prices, own)
    for column in needy.tolist():
        proxy = None
        if symbols[column] in members:
            proxy = _fill(filled[:, column], own[:, column], returns, column, symbols, members)
        if proxy is not None:
            proxies[symbols[column]] = proxy
        _cut(filled[:, column], gaps[:, column], kept=proxy is not None)
    return FilledPrices(filled, proxies)


def _fill(
    prices: Floats,
    own: Bools,
    returns: Floats,
    column: int,
    symbols: Sequence[str],
    groups: Mapping[str, str],
) -> Proxy | None:
    """Fill one column in place."""
    label = groups[symbols[column]]
    others = [place for place, symbol in enumerate(symbols) if symbol in groups and place != column]
    peers = [place for place in others if label and groups[symbols[place]] == label]
    wanted = ~own[1:] | ~own[:-1]
    for name, places in ((label, peers), (MARKET, others)):
        index = _mean(returns[:, places])
        if not np.isfinite(index[wanted]).any():
            continue
        beta, observations = _beta(returns[:, column], index)
        rows = _forwards(prices, own, index * beta) + _backwards(prices, own, index * beta)
        if not rows:
            return None
        last_row = int(np.flatnonzero(~own[: int(np.flatnonzero(own)[-1])])[-1])
        return Proxy(symbols[column], name, len(places), beta, observations, rows, last_row)
    return None


def _forwards(prices: Floats, own: Bools, moves: Floats) -> int:
    """Gaps, from the last own price on; a date without an index keeps the price."""
    first, last = (int(place) for place in np.flatnonzero(own)[[0, -1]])
    rows = 0
    for row in np.flatnonzero(~own[first:last]) + first:
        move = moves[row - 1]
        prices[row] = prices[row - 1] * (1.0 + move if np.isfinite(move) and move > -1.0 else 1.0)
        rows += 1
    return rows


def _backwards(prices: Floats, own: Bools, moves: Floats) -> int:
    """From the first own price to the past, as long as the index is known."""
    row, rows = int(np.argmax(own)), 0
    while row > 0 and np.isfinite(moves[row - 1]) and moves[row - 1] > -1.0:
        prices[row - 1] = prices[row] / (1.0 + moves[row - 1])
        row, rows = row - 1, rows + 1
    return rows


def _cut(prices: Floats, gaps: Bools, *, kept: bool) -> None:
    """Without a proxy the history starts after the last long gap."""
    if not kept and gaps.any():
        prices[: int(np.flatnonzero(gaps)[-1]) + 1] = np.nan


def _own_returns(prices: Floats, own: Bools) -> Floats:
    both = own[1:] & own[:-1]
    return np.where(both, prices[1:] / prices[:-1] - 1.0, np.nan)


def _mean(returns: Floats) -> Floats:
    """Mean over the instruments that have a return; NaN on dates without any."""
    known = np.isfinite(returns)
    count = known.sum(axis=1)
    total = np.where(known, returns, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _beta(returns: Floats, index: Floats) -> tuple[float, int]:
    both = np.isfinite(returns) & np.isfinite(index)
    observations = int(both.sum())
    if observations < MINIMUM_FOR_BETA:
        return 1.0, observations
    covariance = np.cov(returns[both], index[both])
    variance = float(covariance[1, 1])
    return (float(covariance[0, 1]) / variance if variance > 0.0 else 1.0), observations
