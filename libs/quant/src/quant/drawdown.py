"""Drawdowns of a value series: at each date, the largest, and every episode; also in currency."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats, not_finite, not_positive
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Largest fall from a peak as a positive fraction; rows of its peak, its bottom and its recovery.

    Without any fall `value` is 0 and all rows are None; `recovery` is None while the series is still below
    the peak.
    """

    value: float
    peak: int | None
    trough: int | None
    recovery: int | None


@dataclass(frozen=True, slots=True)
class DrawdownEpisode:
    """One time under water, as rows of the series.

    `start` is the first row below the peak, `end` the first one back at it (None while it is not yet),
    `length` counts the rows from start to end, both included (to the last row while there is no end), `depth`
    is the largest fall as a positive fraction, reached at `trough`.
    """

    start: int
    trough: int
    end: int | None
    length: int
    depth: float


def drawdowns(values: Floats) -> Result[Floats]:
    """Fall from the running peak at each date, 1 - V_t / max(V_0..V_t): (T,) in, (T,) positive fractions out.

    Errors: Missing("too_few_scenarios") for no value, Missing("not_finite"), Missing("not_positive_value").
    """
    if len(values) == 0:
        return Missing("too_few_scenarios", "no value; a drawdown needs at least one")
    bad = not_positive(values, "a value")
    return bad if bad is not None else 1.0 - values / np.maximum.accumulate(values)


def max_drawdown(values: Floats) -> Result[Drawdown]:
    """Maximum drawdown: the largest of `drawdowns`, with its episode.

    Inputs: values (T,), each above zero, without deposits or withdrawals; the first value counts as a peak.
    Edge cases: never under water is 0; of equal falls the earliest is named.
    Errors: as `drawdowns`.
    Source: Bacon, Practical Portfolio Performance Measurement and Attribution (2008), ch. 4.
    """
    falls = drawdowns(values)
    if isinstance(falls, Missing):
        return falls
    return _deepest(values, falls)


def drawdown_episodes(values: Floats) -> Result[tuple[DrawdownEpisode, ...]]:
    """Every time under water, oldest first; none for a series that never falls.

    Inputs: values (T,), each above zero; the first value counts as a peak. The deepest episode is that of
    `max_drawdown` (of equal ones the earliest).
    Errors: as `drawdowns`.
    Source: Bacon (2008), ch. 4; PerformanceAnalytics findDrawdowns.
    """
    falls = drawdowns(values)
    if isinstance(falls, Missing):
        return falls
    # A border is where a row is under water and its neighbour is not.
    edges = np.flatnonzero(np.diff(np.concatenate(([False], falls > 0.0, [False]))))
    spans = edges.reshape(-1, 2).tolist()
    return tuple(_episode(falls, start, end) for start, end in spans)


def currency_drawdown(pnl: Floats) -> Result[Drawdown]:
    """Maximum drawdown in money: the largest fall of cumulative P&L from its running peak.

    Inputs: P&L per period (T,), in one currency. Output: a positive amount; rows are those of the cumulative
    series (T + 1,) that starts with 0, and the start counts as a peak. On returns instead of P&L it is the
    uncompounded drawdown.
    Edge cases: never under water is 0; of equal falls the earliest is named.
    Errors: Missing("too_few_scenarios") for no P&L, Missing("not_finite").
    Source: as `max_drawdown`, with differences in place of quotients.
    """
    if len(pnl) == 0:
        return Missing("too_few_scenarios", "no P&L; a drawdown needs at least one")
    bad = not_finite(pnl, "a P&L")
    if bad is not None:
        return bad
    total = np.concatenate(([0.0], pnl.cumsum()))
    return _deepest(total, np.maximum.accumulate(total) - total)


def _deepest(values: Floats, falls: Floats) -> Drawdown:
    trough = int(np.argmax(falls))
    if falls[trough] == 0.0:
        return Drawdown(0.0, None, None, None)
    peak = trough - int(np.argmax(values[trough::-1]))  # the last time the high was seen
    back = np.flatnonzero(values[trough:] >= values[peak])
    recovery = trough + int(back[0]) if len(back) else None
    return Drawdown(float(falls[trough]), peak, trough, recovery)


def _episode(falls: Floats, start: int, end: int) -> DrawdownEpisode:
    trough = start + int(np.argmax(falls[start:end]))
    back = end if end < len(falls) else None
    return DrawdownEpisode(
        start=start,
        trough=trough,
        end=back,
        length=(end if back is None else end + 1) - start,
        depth=float(falls[trough]),
    )
