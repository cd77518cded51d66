"""Positions of a portfolio and of those below it as one book: one line per symbol.

Every holder's position is marked on its own, in the base currency of the whole; a merged line then adds up
what each of them has earned. Its market value is that of the netted quantity.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

import msgspec

from quant import PositionMark, round_money, sum_money
from quant.money import EXACT, plain, product, round_rate
from valuation.core.books import Line
from valuation.core.ledgers import PositionVersion
from valuation.core.marks import Mark
from valuation.core.prices import ONE

ZERO = Decimal(0)


def merge_marks(marks: Iterable[Mark]) -> list[Mark]:
    """One mark per symbol, by symbol. A symbol is priced only when every holder's position in it is."""
    ordered = sorted(marks, key=lambda mark: mark.line.symbol)
    return [_merge(list(group)) for _, group in groupby(ordered, key=lambda mark: mark.line.symbol)]


def _merge(parts: list[Mark]) -> Mark:
    first = next((part for part in parts if part.missing is not None), parts[0])
    if len(parts) == 1:
        return first
    return first._replace(line=_line(parts), cost_rate=_cost_rate(parts), money=_money(first, parts))


def _line(parts: Sequence[Mark]) -> Line:
    """The netted position.

    Its average cost is the cost of all over the quantity of all: on one side the quantity-weighted average,
    otherwise the price at which the whole breaks even; 0 when nothing is left. Its date and version are the
    newest of the parts.
    """
    versions = [part.line.version for part in parts]
    positions = [version.position for version in versions]
    quantity = sum_money(position.quantity for position in positions)
    cost = sum_money(product(position.quantity, position.average_cost) for position in positions)
    newest = max(versions, key=lambda version: version.as_of_us)
    position = msgspec.structs.replace(
        newest.position,
        quantity=plain(quantity),
        average_cost=round_rate(EXACT.divide(cost, quantity)) if quantity else ZERO,
        cost_fx_rate=None,
    )
    revision = max(version.revision for version in versions)
    return Line(
        symbol=parts[0].line.symbol,
        version=PositionVersion(position, newest.as_of_us, revision),
        dated_later=any(part.line.dated_later for part in parts),
        parts=tuple(part.line for part in parts),
    )


def _cost_rate(parts: Sequence[Mark]) -> Decimal | None:
    """Average rate at cost, weighted by cost; by its size where costs cancel out. None if one is unknown."""
    rates = [part.cost_rate for part in parts if part.cost_rate is not None]
    if len(rates) < len(parts):
        return None
    if len(set(rates)) == 1:
        return rates[0]
    positions = [part.line.version.position for part in parts]
    costs = [product(position.quantity, position.average_cost) for position in positions]
    if not sum_money(costs):
        costs = [cost.copy_abs() for cost in costs]
    total = sum_money(costs)
    if not total:
        return None
    weighted = sum_money(product(cost, rate) for cost, rate in zip(costs, rates, strict=True))
    return round_rate(EXACT.divide(weighted, total))


def _money(first: Mark, parts: Sequence[Mark]) -> PositionMark | None:
    """Value of the netted quantity, profits of all added up; None unless each part has money.

    The total is None when the FX part of one holder is unknown.
    """
    moneys = [part.money for part in parts if part.money is not None]
    if len(moneys) < len(parts):
        return None
    totals = [money.unrealized_pnl_base for money in moneys if money.unrealized_pnl_base is not None]
    fx_parts = [money.fx_pnl_base for money in moneys if money.fx_pnl_base is not None]
    return PositionMark(
        *_values(first, parts, moneys),
        unrealized_pnl=sum_money(money.unrealized_pnl for money in moneys),
        unrealized_pnl_base=sum_money(totals) if len(totals) == len(moneys) else None,
        price_pnl_base=sum_money(money.price_pnl_base for money in moneys),
        fx_pnl_base=sum_money(fx_parts) if fx_parts else None,
    )


def _values(first: Mark, parts: Sequence[Mark], moneys: Sequence[PositionMark]) -> tuple[Decimal, Decimal]:
    """Market value, and in base currency; each rounded once from the netted quantity.

    Where a split lies between price and position, prices are in the units of each part: then values add up.
    """
    prices = {part.price.value for part in parts if part.price is not None}
    if len(prices) != 1 or first.instrument is None:
        return (
            sum_money(money.market_value for money in moneys),
            sum_money(money.market_value_base for money in moneys),
        )
    quantity = sum_money(part.line.version.position.quantity for part in parts)
    value = product(prices.pop(), quantity, first.instrument.multiplier)
    rate = ONE if first.rate is None else first.rate.value
    return round_money(value), round_money(product(value, rate))
