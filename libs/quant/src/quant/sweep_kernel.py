"""The compiled part of `sweep`; imported on first use only, since importing numba takes a second."""

import numpy as np
from numba import njit, prange  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from quant.arrays import Floats, Rows

INSERTION_LIMIT = 64
"""Tails up to this size are kept sorted while scanning; longer ones are cheaper by sorting everything."""


@njit(cache=True, nogil=True)  # pyright: ignore[reportUntypedFunctionDecorator]
def _book_pnl(returns: Floats, columns: Rows, values: Floats, pnl: Floats) -> None:
    """Sum of value times return per scenario; four rows at a time, so that the sum is loaded less often."""
    places, scenarios = len(columns), len(pnl)
    pnl[:] = 0.0
    whole = places - places % 4
    for place in range(0, whole, 4):
        row0, row1 = returns[columns[place]], returns[columns[place + 1]]
        row2, row3 = returns[columns[place + 2]], returns[columns[place + 3]]
        v0, v1, v2, v3 = values[place], values[place + 1], values[place + 2], values[place + 3]
        for s in range(scenarios):
            pnl[s] = pnl[s] + v0 * row0[s] + v1 * row1[s] + v2 * row2[s] + v3 * row3[s]
    for place in range(whole, places):
        row, value = returns[columns[place]], values[place]
        for s in range(scenarios):
            pnl[s] += value * row[s]


@njit(cache=True, nogil=True)  # pyright: ignore[reportUntypedFunctionDecorator]
def _worst(pnl: Floats, tail: Floats, rows: Rows) -> None:
    """The `len(tail)` worst values, rising, and their rows; of equal values the earlier row comes first."""
    size = len(tail)
    if size > INSERTION_LIMIT:
        order = np.argsort(pnl, kind="mergesort")
        for place in range(size):
            rows[place] = order[place]
            tail[place] = pnl[order[place]]
        return
    tail[:] = np.inf
    for s in range(len(pnl)):
        value = pnl[s]
        if value < tail[size - 1]:
            place = size - 1
            while place > 0 and tail[place - 1] > value:
                tail[place] = tail[place - 1]
                rows[place] = rows[place - 1]
                place -= 1
            tail[place] = value
            rows[place] = s


@njit(cache=True, nogil=True, parallel=True)  # pyright: ignore[reportUntypedFunctionDecorator]
def tails(
    returns: Floats,
    offsets: Rows,
    columns: Rows,
    values: Floats,
    ranks: Rows,
    sizes: Floats,
    var: Floats,
    shortfall: Floats,
    scenario: Rows,
) -> None:
    """Fill var, shortfall and scenario (B, C); a book with a P&L that is not finite gets NaN, NaN and -1.

    returns (F, N) rows contiguous; book b holds columns[offsets[b]:offsets[b + 1]] with those values; ranks
    (C,) are k, sizes (C,) are N * p.
    """
    scenarios = returns.shape[1]
    longest = ranks.max()
    for book in prange(len(offsets) - 1):
        pnl, tail = np.empty(scenarios), np.empty(longest)
        rows = np.empty(longest, np.int64)
        start, stop = offsets[book], offsets[book + 1]
        _book_pnl(returns, columns[start:stop], values[start:stop], pnl)
        # A sum of finite numbers may overflow, but only NaN and infinity have a difference with themselves.
        finite = True
        for s in range(scenarios):
            finite &= pnl[s] - pnl[s] == 0.0
        if finite:
            _worst(pnl, tail, rows)
        for level in range(len(ranks)):
            rank, size = ranks[level], sizes[level]
            if not finite:
                var[book, level], shortfall[book, level], scenario[book, level] = np.nan, np.nan, -1
                continue
            # k = ceil(size): all but the k-th count whole, the k-th with what is left of the size.
            total = 0.0
            for place in range(rank - 1):
                total += tail[place]
            total += (size - (rank - 1)) * tail[rank - 1]
            var[book, level] = 0.0 - tail[rank - 1]
            shortfall[book, level] = 0.0 - total / size
            scenario[book, level] = rows[rank - 1]
