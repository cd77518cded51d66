"""The one way from moved factors to the profit or loss of holdings, in historical scenarios and in stress."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quant.arrays import Floats
from quant.options import OptionContract


@dataclass(frozen=True, slots=True)
class HeldOption:
    """The option part of a holding: its contract; now the spot of the underlying in the contract's currency;
    now the rate, units of base currency per unit of that currency.
    """

    contract: OptionContract
    spot: float
    fx_rate: float


@dataclass(frozen=True, slots=True)
class Holding:
    """One priced position: market value now in base currency, and units (quantity times multiplier).

    `option` is there for an option: it moves with its underlying and needs no history of its own.
    """

    symbol: str
    currency: str
    market_value: float
    units: float
    option: HeldOption | None = None

    @property
    def factor(self) -> str:
        """The instrument whose history and shocks move this holding."""
        return self.symbol if self.option is None else self.option.contract.underlying


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
    Formula: market value now times the total move, which is exact for what is linear in its price. An option
    is priced by the model before and after: units (fx (1 + fx move) model(spot (1 + price move)) - fx
    model(spot)), with volatility, rates and time left as they are (sticky strike, instantaneous).
    Edge cases: no holdings gives (N, 0); a market value of 0 gives 0; no move gives exactly 0.
    Source: docs/reference/measures/scenarios.md and options.md.
    """
    values = np.array([held.market_value for held in holdings], dtype=np.float64)
    pnl = moves.total * values
    for column, held in enumerate(holdings):
        if held.option is not None:
            pnl[:, column] = _option_pnl(held.option, held.units, moves.price(column), moves.fx[:, column])
    return pnl


def pro_forma_values(holdings: Sequence[Holding], levels: Floats, rates: Floats) -> Floats:
    """What today's holdings would have been worth at past prices and rates.

    Inputs: P holdings; levels (T, P) of their factors in base currency and rates (T, P), the FX part of them.
    Output: (T, P) in base currency, negative for short positions.
    Formula: units times level; an option is the model price of today's contract (same strike, volatility and
    time left) at the past price of its underlying, so that the series is that of one unchanged instrument.
    Source: docs/reference/measures/scenarios.md and options.md.
    """
    values = levels * np.array([held.units for held in holdings], dtype=np.float64)
    for column, held in enumerate(holdings):
        if held.option is not None:
            fx = rates[:, column]
            values[:, column] = held.units * fx * held.option.contract.value(levels[:, column] / fx)
    return values


def _option_pnl(option: HeldOption, units: float, price: Floats, fx: Floats) -> Floats:
    """(N,) from the moves of spot and rate."""
    now = option.contract.value(np.array([option.spot]))
    moved = option.contract.value(option.spot * (1.0 + price))
    return units * option.fx_rate * ((1.0 + fx) * moved - now)
