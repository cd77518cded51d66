"""The smallest trade in one name that brings a measure below a level."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

STEPS = 32
HALVINGS = 50
TIE = 1e-9  # of equally small trades the one in the larger name is kept


@dataclass(frozen=True, slots=True)
class CureTrade:
    """Change of the market value of one name (negative: sell) and the measure after it."""

    symbol: str
    change: float
    value: float


def smallest_trade(
    market_values: Mapping[str, float],
    measure: Callable[[str, float], float | None],
    below: float,
    largest: float,
) -> CureTrade | None:
    """The single-name trade with the least |change| after which the measure is below a level.

    Inputs: signed market value per held name; `measure(symbol, change)` recomputes the limited measure in
    full with that change of one name's market value, None where it cannot be computed; the level; the largest
    change looked at, in the currency of the market values.
    Output: None when no single name can do it. `change` is exact to one part in 10^12 of `largest`, and the
    measure at it was computed and is below the level.
    Method: for every name and both directions the measure is recomputed at STEPS sizes up to the best found
    so far; inside the first step that helps, the size is halved in. A measure that falls below the level and
    rises again within one step can be missed, so the answer is an upper bound there.
    Source: docs/reference/limits.md, section Cure; closed forms of gross and concentration are its tests.
    """
    best: CureTrade | None = None
    for symbol in sorted(market_values, key=lambda name: (-abs(market_values[name]), name)):
        against = -1.0 if market_values[symbol] >= 0 else 1.0
        for direction in (against, -against):
            bound = largest if best is None else abs(best.change)
            found = _smallest(symbol, direction, measure, below, bound)
            if found is not None and (best is None or abs(found.change) < abs(best.change) * (1 - TIE)):
                best = found
    return best


def _smallest(
    symbol: str,
    direction: float,
    measure: Callable[[str, float], float | None],
    below: float,
    bound: float,
) -> CureTrade | None:
    fails, helps = 0.0, None
    for step in range(1, STEPS + 1):
        size = bound * step / STEPS
        value = measure(symbol, direction * size)
        if value is not None and value < below:
            helps = CureTrade(symbol, direction * size, value)
            break
        fails = size
    if helps is None:
        return None
    for _ in range(HALVINGS):
        size = (fails + abs(helps.change)) / 2
        if abs(helps.change) - fails <= bound * 1e-12:
            break
        value = measure(symbol, direction * size)
        if value is not None and value < below:
            helps = CureTrade(symbol, direction * size, value)
        else:
            fails = size
    return helps
