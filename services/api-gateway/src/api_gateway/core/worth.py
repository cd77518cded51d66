"""What a book is worth: exposure, money, and what currency pairs stand for."""

from decimal import Decimal
from typing import NamedTuple

from contracts import PositionValue, Valuation
from quant import CurrencyLeg, Missing, leverage, net_asset_value, pair_legs, split_pair, sum_money
from quant.money import EXACT, product

ZERO = Decimal(0)


class Worth(NamedTuple):
    """What a book is worth: exposure, money, and both together; all None when nothing is priced."""

    cash: Decimal | None
    nav: Decimal | None
    leverage: Decimal | None
    leverage_reason: str | None


class Line(NamedTuple):
    """A priced position and its market value in the currency of the answer."""

    position: PositionValue
    value: Decimal

    @property
    def is_cash(self) -> bool:
        return self.position.asset_class == "cash"


def priced(valuation: Valuation) -> list[Line]:
    """The positions that have a price and a rate."""
    return [
        Line(one, one.market_value_base) for one in valuation.positions if one.market_value_base is not None
    ]


def worth(valuation: Valuation) -> Worth:
    """Cash, net asset value and leverage of a valuation."""
    net, gross = valuation.net_exposure, valuation.gross_exposure
    if net is None or gross is None:
        return Worth(None, None, None, None)
    lines = priced(valuation)
    owed = (both[1].value for line in lines if (both := legs(line)) is not None)
    cash = sum_money((*(line.value for line in lines if line.is_cash), *owed))
    nav = net_asset_value(net, cash)
    ratio = leverage(gross, nav)
    if isinstance(ratio, Missing):
        return Worth(cash, nav, None, ratio.reason)
    return Worth(cash, nav, ratio, None)


def legs(line: Line) -> tuple[CurrencyLeg, CurrencyLeg] | None:
    """Held and owed currency of a position in a pair; None for anything else."""
    position = line.position
    if position.asset_class != "fx" or not _is_pair(position.symbol):
        return None
    units = product(position.quantity, position.multiplier)
    cost_value = EXACT.subtract(line.value, position.price_pnl_base or ZERO)
    return pair_legs(position.symbol, units, position.average_cost, line.value, cost_value)


def _is_pair(symbol: str) -> bool:
    try:
        split_pair(symbol)
    except ValueError:
        return False
    return True
