"""How a factor moves: relative, absolute or log shift, from two levels and onto a third."""

from typing import Literal

import numpy as np

from quant.arrays import Floats, not_finite, not_positive
from quant.result import Missing, Result

Shift = Literal["relative", "absolute", "log"]
FactorType = Literal["price", "fx", "volatility", "interest_rate", "spread"]

# Rates and spreads can be zero or negative, so their moves are differences.
DEFAULT_SHIFTS: dict[FactorType, Shift] = {
    "price": "relative",
    "fx": "relative",
    "volatility": "relative",
    "interest_rate": "absolute",
    "spread": "absolute",
}


def shifts(history: Floats, kind: Shift) -> Result[Floats]:
    """The move of each date of a factor's history.

    Inputs: levels (T,) or (T, F), above zero unless `kind` is absolute. Output: (T-1,) or (T-1, F).
    Formula: relative v_t / v_{t-1} - 1; absolute v_t - v_{t-1}; log ln(v_t / v_{t-1}).
    Errors: Missing("not_finite"), Missing("not_positive_value").
    Source: docs/reference/measures/scenarios.md.
    """
    bad = not_finite(history, "a level") if kind == "absolute" else not_positive(history, "a level")
    if bad is not None:
        return bad
    if kind == "absolute":
        return np.diff(history, axis=0)
    ratios = history[1:] / history[:-1]
    return ratios - 1.0 if kind == "relative" else np.log(ratios)


def shift_level(level: float, shift: Floats, kind: Shift) -> Result[Floats]:
    """The level after each shift: v (1 + s), v + s or v exp(s).

    Inputs: level now; shifts (N,). Output: (N,) levels.
    Errors: Missing("not_finite"); ValueError for a relative shift below -1, after which nothing has a price.
    """
    if (bad := not_finite(np.append(shift, level), "a level or shift")) is not None:
        return bad
    if kind == "absolute":
        return level + shift
    if kind == "log":
        return level * np.exp(shift)
    if (shift < -1.0).any():
        raise ValueError(f"a relative shift of {shift.min()} is below -100 %")
    return level * (1.0 + shift)


def relative_move(level: float, shift: Floats, kind: Shift) -> Result[Floats]:
    """The shift as a fraction of the level now: what `Moves` are made of.

    Inputs: level now, above zero; shifts (N,). Output: (N,) fractions; a shift of 0 gives exactly 0.
    Formula: s, s / v or exp(s) - 1.
    Errors: as `shift_level`; Missing("not_positive_value") for a level at or below zero.
    """
    if not level > 0:
        return Missing("not_positive_value", f"a level of {level} has no relative move")
    moved = shift_level(level, shift, kind)  # refuses what cannot be
    if isinstance(moved, Missing):
        return moved
    if kind == "relative":
        return shift
    return shift / level if kind == "absolute" else np.expm1(shift)
