"""Profit since the previous close as it is told: of one position, and of many together."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from contracts import DailyPnl
from quant import Missing
from quant.daily_pnl import DayPnl
from quant.money import ZERO, sum_money
from quant.result import Result


def line_profit(since: str, profit: Result[DayPnl], realized: Decimal | None) -> DailyPnl:
    """The profit of one position, or that it cannot be told."""
    if isinstance(profit, Missing):
        return DailyPnl(since=since, unknown=1)
    return DailyPnl(
        since=since,
        opening_value=_tidy(profit.opening_value),
        price=_tidy(profit.price),
        fx=_tidy(profit.fx),
        trading=_tidy(profit.trading),
        income=_tidy(profit.income),
        fees=_tidy(profit.fees),
        total=_tidy(profit.total),
        realized=None if realized is None else _tidy(realized),
    )


def sum_profits(since: str, lines: Iterable[DailyPnl]) -> DailyPnl:
    """The positions together; unknown ones are counted and left out. Of nothing but those there is no sum."""
    found = list(lines)
    known = [one for one in found if not one.unknown]
    unknown = len(found) - len(known)
    if unknown and not known:
        return DailyPnl(since=since, unknown=unknown)
    return DailyPnl(
        since=since,
        opening_value=_added([one.opening_value for one in known]),
        price=_added([one.price for one in known]),
        fx=_added([one.fx for one in known]),
        trading=_added([one.trading for one in known]),
        income=_added([one.income for one in known]),
        fees=_added([one.fees for one in known]),
        total=_added([one.total for one in known]),
        realized=_added([one.realized for one in known]),
        unknown=unknown,
    )


def _added(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, None when one is unknown. Most parts of most days are 0, which needs no adding."""
    if None in amounts:
        return None
    return sum_money(amount for amount in amounts if amount) or ZERO


def _tidy(amount: Decimal) -> Decimal:
    """A zero without exponent."""
    return amount or ZERO
