"""The one way from moved factors to the profit or loss of a holding, in historical scenarios and in stress."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats


@dataclass(frozen=True, slots=True)
class Holding:
    """One priced position: market value now in base currency, and units (quantity times multiplier)."""

    symbol: str
    currency: str
    market_value: float
    units: float

    @property
    def factor(self) -> str:
        """The instrument whose history and shocks move this holding."""
        return self.symbol


@dataclass(frozen=True, slots=True)
class Moves:
    """What N scenarios do to the factors of P holdings, as fractions of the levels now.

    `total` (N, P): price and rate together, in base currency; `fx` (N, P): the rate alone.
    total = (1 + price) (1 + fx) - 1: price and FX moves multiply, they do not add.
    """

    total: Floats
    fx: Floats

    def price(self, column: int) -> Floats:
        """The move of the local price alone (N,)."""
        return (1.0 + self.total[:, column]) / (1.0 + self.fx[:, column]) - 1.0


def moves_of(price: Floats, fx: Floats) -> Moves:
    """Moves from those of local prices and of rates, both (N, P)."""
    return Moves((1.0 + price) * (1.0 + fx) - 1.0, fx)


def revalue(holdings: Sequence[Holding], moves: Moves) -> Floats:
    """Profit or loss of each holding in each scenario, V(moved) - V(now).

    Inputs: P holdings; moves of their factors (N, P), in the same order.
    Output: (N, P) in base currency, gains positive.
    Formula: market value now times the total move, which is exact for what is linear in its price.
    Edge cases: no holdings gives (N, 0); a market value of 0 gives 0.
    Source: docs/reference/measures/scenarios.md.
    """
    values = np.array([held.market_value for held in holdings], dtype=np.float64)
    return moves.total * values
