"""What each position, or group of positions, adds to a VaR or an expected shortfall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from quant.arrays import Floats
from quant.money import round_money
from quant.result import Missing, Result


@dataclass(frozen=True, slots=True)
class Contributions:
    """Split of a total loss (positive) by position, in the order of the columns.

    `component` (P,) sums to `total` up to float rounding; a hedge has a negative one. `marginal` is per unit
    of market value, None where that is 0 or the number has no slope; `percent` is 100 * component / total,
    None where the total is 0.
    """

    total: float
    component: Floats
    marginal: tuple[float | None, ...]
    percent: tuple[float | None, ...]


def contributions(total: float, component: Floats, market_values: Floats) -> Contributions:
    """Marginal numbers and percents of a split.

    Inputs: the total, its components (P,) and market values (P,), all in base currency. For tail numbers the
    components are `Tail.losses` of the position P&L (the P&L of each position in the same scenarios with the
    same weights), for `parametric_var` exposure times marginal; both are Euler's split of a number that
    doubles when the book does.
    Edge cases: no risk gives components 0 and no percents.
    Source: Jorion, Value at Risk, 3rd edition, ch. 7; Tasche (1999), Risk contributions and performance
    measurement.
    """
    if component.shape != market_values.shape:
        raise ValueError(f"{component.shape} components but {market_values.shape} market values")
    pairs = list(zip(component.tolist(), market_values.tolist(), strict=True))
    flat = total == 0.0 and not component.any()
    return Contributions(
        total=total,
        component=component,
        marginal=tuple(None if flat or value == 0.0 else part / value for part, value in pairs),
        percent=tuple(None if total == 0.0 else 100.0 * part / total for part, _ in pairs),
    )


@dataclass(frozen=True, slots=True)
class LossShare:
    """What one position or group is of a total loss: money, percent of it, and per unit of market value."""

    component: Decimal
    percent: float | None
    marginal: float | None


def loss_shares(
    total: float, component: Floats, market_values: Sequence[Decimal]
) -> tuple[Decimal, tuple[LossShare, ...]]:
    """A split as it is told and stored: the total and its shares, whose components add up to it exactly.

    Inputs, edge cases and source as of `contributions`; errors as of `exact_parts`.
    """
    split = contributions(total, component, np.array([float(one) for one in market_values], dtype=np.float64))
    whole, exact = exact_parts(total, component.tolist())
    return whole, tuple(LossShare(*one) for one in zip(exact, split.percent, split.marginal, strict=True))


def incremental(
    measure: Callable[[Floats], Result[float]], position_pnl: Floats, groups: Sequence[Sequence[int]]
) -> Result[tuple[float, ...]]:
    """The measure of the book less the measure of the book without each group of positions (best-out).

    Inputs: a measure of position P&L (N, P'), the P&L of all positions (N, P), groups of columns.
    Output: one number per group. Every book without a group is measured from scratch. The numbers do not sum
    to the measure and are no split of it.
    Errors: the first Missing of the measure.
    """
    whole = measure(position_pnl)
    if isinstance(whole, Missing):
        return whole
    found: list[float] = []
    for group in groups:
        rest = measure(np.delete(position_pnl, list(group), axis=1))
        if isinstance(rest, Missing):
            return rest
        found.append(whole - rest)
    return tuple(found)


def exact_parts(total: float, parts: Sequence[float]) -> tuple[Decimal, tuple[Decimal, ...]]:
    """Total and parts as money, such that the parts add up to the total to the last digit.

    Each is rounded half-even to 8 places; what the parts then lack is added to the one of largest size, the
    first of equal ones, where it is smallest in proportion.
    Errors: ValueError when they differ by more than rounding explains, so that no error is hidden.
    """
    whole = _money(total)
    rounded = [_money(part) for part in parts]
    lacking = whole - sum(rounded, Decimal(0))
    size = sum(abs(part) for part in parts) + abs(total)
    if abs(lacking) > Decimal("1e-8") * (len(parts) + 1) + _money(1e-9 * size):
        raise ValueError(f"the parts miss the total {whole} by {lacking}, more than rounding")
    if lacking and rounded:
        largest = max(range(len(rounded)), key=lambda place: (abs(rounded[place]), -place))
        rounded[largest] += lacking
    return whole, tuple(rounded)


def _money(number: float) -> Decimal:
    return round_money(Decimal(repr(float(number))))
