"""Scenario moves rescaled to the volatility of now: Hull-White scaling and filtered paths."""

from dataclasses import dataclass

import numpy as np

from quant.arrays import Bools, Floats, not_finite
from quant.result import Missing, Result
from quant.tails import Rows
from quant.volatility import LAMBDA, SEED_WINDOW

PATHS = 5_000
SEED = 20_140_505  # any constant: the same book and history give the same paths
STALE = 1e-6  # a deviation this small beside the usual one of the factor comes from an unchanged price


@dataclass(frozen=True, slots=True)
class ScaledMoves:
    """Moves (N - seed_window, F) at the volatility of now.

    `dropped` first rows had no volatility yet. `unscaled` (F,) marks factors with a deviation of
    (almost) 0 on some date, whose move of that date is left as it was.
    """

    moves: Floats
    dropped: int
    unscaled: Bools


def ewma_deviations(moves: Floats, decay: float = LAMBDA, seed_window: int = SEED_WINDOW) -> Result[Floats]:
    """Exponentially weighted deviation of each factor, for each move from what was known before it.

    Inputs: moves (N, F), newest last. Output: (N - seed_window + 1, F); row i belongs to move
    seed_window + i, the last row to the move after the newest one. The recursion and seed are those of
    `ewma_variance`.
    Errors: Missing("too_few_scenarios") when N < seed_window, Missing("not_finite"). ValueError for a decay
    outside (0, 1) or a seed window below 2.
    """
    if not 0.0 < decay < 1.0 or seed_window < 2:
        raise ValueError(f"decay {decay} must lie between 0 and 1, seed window {seed_window} be at least 2")
    if len(moves) < seed_window:
        return Missing("too_few_scenarios", f"{len(moves)} scenarios; the seed needs {seed_window}")
    bad = not_finite(moves, "a factor move")
    if bad is not None:
        return bad
    squares = (1.0 - decay) * moves[seed_window:] ** 2
    found = np.empty((len(squares) + 1, moves.shape[1]))
    found[0] = moves[:seed_window].var(axis=0, ddof=1)
    for row, square in enumerate(squares):
        found[row + 1] = decay * found[row] + square
    return np.sqrt(found)


def volatility_scaled(
    moves: Floats, decay: float = LAMBDA, seed_window: int = SEED_WINDOW
) -> Result[ScaledMoves]:
    """Each past move times (deviation now / deviation then), factor by factor.

    Inputs: relative moves (N, F), newest last. Output: see `ScaledMoves`; a row stays one date of all
    factors.
    Edge cases: where the deviation then is 0 (an unchanged price) the move is not scaled and the factor is
    marked; the seed window is dropped and counted.
    Errors: as `ewma_deviations`; Missing("too_few_scenarios") also when nothing is left.
    Source: Hull and White (1998), Incorporating Volatility Updating into the Historical Simulation Method.
    """
    deviations = ewma_deviations(moves, decay, seed_window)
    if isinstance(deviations, Missing):
        return deviations
    if len(deviations) < 2:
        return Missing("too_few_scenarios", f"{len(moves)} scenarios are all needed as the seed")
    ratio, stale = _ratios(deviations)
    return ScaledMoves(moves[seed_window:] * ratio, seed_window, np.logical_or.reduce(stale, axis=0))


def filtered_paths(
    moves: Floats,
    days: int,
    paths: int = PATHS,
    decay: float = LAMBDA,
    seed_window: int = SEED_WINDOW,
) -> Result[tuple[Floats, Rows]]:
    """Moves over `days` days, drawn from past days at the volatility of now (filtered historical simulation).

    Inputs: relative moves (N, F), newest last. Output: total moves (paths, F) and the rows drawn for them
    (paths, days).
    Formula: each day of a path is a whole past date, drawn with replacement, of residuals
    z = move / deviation then; the move is z times the deviation of the path, whose variance then follows
    decay s2 + (1 - decay) move^2. Days compound. A fixed seed makes it repeatable.
    Simplified against Barone-Adesi: EWMA in place of a fitted GARCH, mean 0, no residual is re-centred.
    Edge cases: one day would draw `volatility_scaled` again, so ask for that.
    Errors: as `volatility_scaled`. ValueError for fewer than 2 days.
    Source: Barone-Adesi, Giannopoulos and Vosper (1999), VaR without Correlations for Portfolios of
    Derivative Securities.
    """
    if days < 2:
        raise ValueError("a path has at least 2 days; for one day use volatility_scaled")
    deviations = ewma_deviations(moves, decay, seed_window)
    if isinstance(deviations, Missing):
        return deviations
    if len(deviations) < 2:
        return Missing("too_few_scenarios", f"{len(moves)} scenarios are all needed as the seed")
    ratio, _ = _ratios(deviations)
    newest = deviations[-1]
    # At the newest deviation: equal to the residual times it, and defined where a price stood still.
    at_newest = moves[seed_window:] * ratio
    drawn = np.random.default_rng(SEED).integers(0, len(at_newest), size=(paths, days), dtype=np.intp)
    total, growth = np.ones((paths, moves.shape[1])), np.ones((paths, moves.shape[1]))
    safe = np.where(newest > 0.0, newest, 1.0)
    for day in range(days):
        move = at_newest[drawn[:, day]] * np.sqrt(growth)
        total *= np.maximum(1.0 + move, 0.0)  # a price cannot fall by more than all of it
        growth = decay * growth + (1.0 - decay) * (move / safe) ** 2
    return total - 1.0, drawn + seed_window


def _ratios(deviations: Floats) -> tuple[Floats, Bools]:
    """Deviation now over deviation then (N, F), 1 where the latter is nothing; and where that is."""
    then, now = deviations[:-1], deviations[-1]
    stale = then <= STALE * deviations.max(axis=0)
    return np.where(stale, 1.0, now / np.where(stale, 1.0, then)), stale
