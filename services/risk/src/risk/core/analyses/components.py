"""Who makes the VaR or the expected shortfall."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from contracts import PositionValue
from contracts.analysis.var import Component, ComponentsAnswer, ComponentsRequest
from measuring.core.reports import priced
from quant import (
    UNCLASSIFIED,
    BookVar,
    Missing,
    Result,
    incremental,
    loss_shares,
    round_money,
    sum_money,
)
from quant.arrays import Floats
from risk.core.analyses.var import described, head_of, measured, question_of
from risk.core.desk import Desk, unavailable


def components(desk: Desk, request: ComponentsRequest) -> ComponentsAnswer:
    """Component, percent, marginal and incremental of each position or group, the largest first."""
    book, found = measured(desk, request, question_of(request))
    held = priced(book.valuation)
    head: dict[str, Any] = {
        **head_of(desk, book, request),
        "measure": request.measure,
        "by": request.by,
        "unpriced": tuple(p.symbol for p in book.valuation.positions if p.market_value_base is None),
    }
    if isinstance(found, Missing):
        return ComponentsAnswer(**head, unavailable=unavailable(found))
    split = _split(found, held, request)
    if isinstance(split, Missing):
        return ComponentsAnswer(**head, unavailable=unavailable(split))
    total, parts = split
    return ComponentsAnswer(**head, **described(found), total=total, components=parts)


def _split(
    found: BookVar, held: Sequence[PositionValue], request: ComponentsRequest
) -> Result[tuple[Decimal, tuple[Component, ...]]]:
    number = _number(found, request)
    if isinstance(number, Missing):
        return number
    total, by_position = number
    groups = _groups(held, request.by)
    columns = list(groups.values())
    money = [sum_money([_value(held[column]) for column in group]) for group in columns]
    parts = np.array([by_position[group].sum() for group in columns], dtype=np.float64)
    again = incremental(
        lambda pnl: _value_of(found, pnl, request), found.sample.scenarios.position_pnl, columns
    )
    if isinstance(again, Missing):
        return again
    whole, shares = loss_shares(total, parts, money)
    rows = [
        Component(
            name=name,
            positions=len(columns[place]),
            market_value=money[place],
            component=shares[place].component,
            percent=shares[place].percent,
            marginal=shares[place].marginal,
            incremental=round_money(Decimal(repr(again[place]))),
        )
        for place, name in enumerate(groups)
    ]
    return whole, tuple(sorted(rows, key=lambda row: (-row.component, row.name)))


def _number(found: BookVar, request: ComponentsRequest) -> Result[tuple[float, Floats]]:
    estimate = found.estimate
    if request.measure == "var":
        return estimate.var, estimate.components
    if isinstance(estimate.shortfall, Missing):
        return estimate.shortfall
    assert estimate.shortfall_components is not None
    return estimate.shortfall, estimate.shortfall_components


def _value_of(found: BookVar, position_pnl: Floats, request: ComponentsRequest) -> Result[float]:
    estimate = found.measure(position_pnl)
    if isinstance(estimate, Missing):
        return estimate
    return estimate.var if request.measure == "var" else estimate.shortfall


def _groups(held: Sequence[PositionValue], by: str) -> dict[str, list[int]]:
    """Columns by label; a position without one is Unclassified, never dropped."""
    found: dict[str, list[int]] = {}
    for column, position in enumerate(held):
        label = position.symbol if by == "position" else getattr(position, by)
        found.setdefault(label or UNCLASSIFIED, []).append(column)
    return found


def _value(position: PositionValue) -> Decimal:
    return position.market_value_base or Decimal(0)
