"""Which move loses a given amount: the smallest uniform one, and the most likely one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats, not_finite
from quant.result import Missing, Result
from quant.revaluation import Holding, Moves, revalue

WIDEST_MOVE = 5.0  # plus 500 % of the price
GRID = 1201  # steps between -100 % and the widest move, to find the nearest crossing
STEPS, TOLERANCE = 100, 1e-10
BUMP = 1e-4


@dataclass(frozen=True, slots=True)
class UniformMove:
    """The same relative move of every price in base currency; `pnl` is what it brings (minus the loss)."""

    move: float
    pnl: float


@dataclass(frozen=True, slots=True)
class LikelyMove:
    """The most likely moves (P,), fractions in base currency, with their `position_pnl` (P,) and sum.

    `distance` is the Mahalanobis distance: how many standard deviations away the move is.
    """

    symbols: tuple[str, ...]
    moves: Floats
    position_pnl: Floats
    pnl: float
    distance: float


def smallest_uniform_move(holdings: Sequence[Holding], loss: float) -> Result[UniformMove]:
    """The smallest move, up or down, of all prices together that loses `loss`.

    Inputs: holdings; a loss above zero in base currency. Output: the move nearest to 0 between -100 % and
    +500 %, found through full revaluation.
    Formula for a linear book: -loss / net market value.
    Edge cases: a hedged book (net 0) or one that cannot lose so much has no such move.
    Errors: Missing("flat_book") without holdings, Missing("not_reached"); ValueError for a loss that is
    not above zero.
    Source: docs/reference/measures/stress.md.
    """
    if (missing := _refuse(holdings, loss)) is not None:
        return missing

    def gap(moves: Floats) -> Floats:
        return _uniform_pnl(holdings, moves) + loss

    grid = np.concatenate((np.linspace(-1.0, 0.0, GRID // 6 + 1), np.linspace(0.0, WIDEST_MOVE, GRID)[1:]))
    below = gap(grid) <= 0.0
    edges = np.flatnonzero(below[1:] != below[:-1])
    if not len(edges):
        why = f"no move of all prices from -100 % to {WIDEST_MOVE:+.0%} loses {loss:g}"
        return Missing("not_reached", why)
    place = int(edges[np.argmin(np.minimum(np.abs(grid[edges]), np.abs(grid[edges + 1])))])
    move = _root(lambda at: float(gap(np.array([at]))[0]), float(grid[place]), float(grid[place + 1]))
    return UniformMove(move, float(_uniform_pnl(holdings, np.array([move]))[0]))


def most_likely_move(holdings: Sequence[Holding], returns: Floats, loss: float) -> Result[LikelyMove]:
    """The move of the prices that loses `loss` and is nearest to 0 by the Mahalanobis distance.

    Inputs: holdings; past returns (N, P) of their prices in base currency, in the same order; a loss above
    zero. The covariance is the sample one (ddof 1), the mean is taken as 0.
    Formula: minimise x' S^-1 x with P&L(x) = -loss. For a linear book with market values w that is
    x = -loss S w / (w' S w), at distance loss / sqrt(w' S w). Otherwise the same step is repeated with the
    gradient at the point reached (Hasofer, Lind, Rackwitz and Fiessler) through full revaluation.
    Edge cases: S need not be invertible: the move stays in the space that history moved in.
    Errors: Missing("flat_book"), Missing("too_few_scenarios") below two returns, Missing("not_finite"),
    Missing("not_reached") when the book has no historical risk or the steps do not settle.
    Source: Breuer, Jandacka, Rheinberger and Summer (2009), How to find plausible, severe, and useful stress
    scenarios.
    """
    if (missing := _refuse(holdings, loss)) is not None:
        return missing
    if returns.shape[1:] != (len(holdings),):
        raise ValueError(f"returns of {returns.shape[1:]} columns for {len(holdings)} holdings")
    if len(returns) < 2:
        return Missing("too_few_scenarios", f"{len(returns)} returns; a covariance needs two")
    if (bad := not_finite(returns, "a return")) is not None:
        return bad
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    moves = np.zeros(len(holdings))
    for _ in range(STEPS):
        step = _step(holdings, moves, covariance, loss)
        if isinstance(step, Missing):
            return step
        change, moves = float(np.abs(step.moves - moves).max()), step.moves
        if change < TOLERANCE:
            return _likely(holdings, step, loss)
    return Missing("not_reached", f"the search for a likely move that loses {loss:g} does not settle")


@dataclass(frozen=True, slots=True)
class _Step:
    moves: Floats
    distance: float


def _step(holdings: Sequence[Holding], moves: Floats, covariance: Floats, loss: float) -> Result[_Step]:
    """The nearest move that loses `loss` by the gradient at the point reached."""
    gradient = _gradient(holdings, moves)
    spread = covariance @ gradient
    variance = float(gradient @ spread)
    if not variance > 0.0:
        return Missing("not_reached", "the book has no risk in this history, so nothing likely moves it")
    gap = float(_pnl(holdings, moves[None, :]).sum()) + loss
    scale = (float(gradient @ moves) - gap) / variance
    return _Step(spread * scale, abs(scale) * float(np.sqrt(variance)))


def _likely(holdings: Sequence[Holding], step: _Step, loss: float) -> Result[LikelyMove]:
    pnl = _pnl(holdings, step.moves[None, :])[0]
    total = float(pnl.sum())
    if abs(total + loss) > 1e-6 * loss:
        return Missing("not_reached", f"the search for a likely move that loses {loss:g} ended at {total:g}")
    symbols = tuple(held.symbol for held in holdings)
    return LikelyMove(symbols, step.moves, pnl, total, step.distance)


def _refuse(holdings: Sequence[Holding], loss: float) -> Missing | None:
    if not (loss > 0 and np.isfinite(loss)):
        raise ValueError(f"a loss of {loss} must be above zero")
    return None if holdings else Missing("flat_book", "a book without positions cannot lose")


def _pnl(holdings: Sequence[Holding], moves: Floats) -> Floats:
    """P&L (N, P) of moves (N, P) of prices in base currency, at today's rates."""
    return revalue(holdings, Moves(moves, np.zeros_like(moves)))


def _uniform_pnl(holdings: Sequence[Holding], moves: Floats) -> Floats:
    return _pnl(holdings, np.repeat(moves[:, None], len(holdings), axis=1)).sum(axis=1)


def _gradient(holdings: Sequence[Holding], moves: Floats) -> Floats:
    """Change of the P&L of each holding per unit of its own move, by central differences."""
    up, down = _pnl(holdings, moves[None, :] + BUMP)[0], _pnl(holdings, moves[None, :] - BUMP)[0]
    return (up - down) / (2.0 * BUMP)


def _root(gap: Callable[[float], float], low: float, high: float) -> float:
    """Where the gap changes its sign between two moves, by halving, to the last digit."""
    below = gap(low) <= 0.0
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return low if abs(gap(low)) <= abs(gap(high)) else high
        if (gap(middle) <= 0.0) == below:
            low = middle
        else:
            high = middle
