"""What value at risk and expected shortfall of a closing book are made of, as stored."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from contracts import PositionValue, Valuation
from contracts.analysis.common import Unavailable
from measuring.core.components import SPLIT_BP
from measuring.core.definitions import parameters_of
from quant import sum_money
from reports.core.risk.rows import Component
from reports.core.risk.shapes import PositionRisk, TailSplit
from reports.core.risk.tails import SHORTFALL, VAR

HUNDRED = 100.0
Parts = Mapping[str, Component]


def tail_split(
    components: Sequence[Component], closing: Valuation | None, names: Mapping[str, str]
) -> TailSplit:
    """The positions by what they add to value at risk, the largest first and those without a part last."""
    parts = {measure: _of(components, measure) for measure in (VAR, SHORTFALL)}
    held = {} if closing is None else {one.symbol: one for one in closing.positions}
    positions = [
        _position(symbol, held.get(symbol), parts[VAR].get(symbol), parts[SHORTFALL].get(symbol), names)
        for symbol in parts[VAR].keys() | parts[SHORTFALL].keys()
    ]
    return TailSplit(
        confidence_bp=SPLIT_BP,
        var=_total(parts[VAR]),
        expected_shortfall=_total(parts[SHORTFALL]),
        positions=tuple(sorted(positions, key=_place)),
        unavailable=_why(parts[VAR]),
    )


def _of(components: Sequence[Component], measure: str) -> Parts:
    return {
        one.symbol: one
        for one in components
        if one.measure == measure and parameters_of(one.parameters).get("confidence_bp") == str(SPLIT_BP)
    }


def _position(
    symbol: str,
    held: PositionValue | None,
    var: Component | None,
    shortfall: Component | None,
    names: Mapping[str, str],
) -> PositionRisk:
    return PositionRisk(
        symbol=symbol,
        name=names.get(symbol, ""),
        market_value=None if held is None else held.market_value_base,
        component=None if var is None else var.component,
        share=None if var is None else _ratio(var.percent),
        marginal=None if var is None else var.marginal,
        shortfall_component=None if shortfall is None else shortfall.component,
        shortfall_share=None if shortfall is None else _ratio(shortfall.percent),
        reason=None if var is None else var.reason,
    )


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / HUNDRED


def _total(parts: Parts) -> Decimal | None:
    known = [one.component for one in parts.values() if one.component is not None]
    return sum_money(known) if known else None


def _place(one: PositionRisk) -> tuple[bool, Decimal, str]:
    return one.component is None, -(one.component or Decimal(0)), one.symbol


def _why(parts: Parts) -> Unavailable | None:
    """Why nothing is known of any position; None when something is."""
    if any(one.component is not None for one in parts.values()):
        return None
    reasons = sorted({one.reason for one in parts.values() if one.reason is not None})
    if not reasons:
        return Unavailable("not_stored", "the end of day has stored no components of this value")
    return Unavailable(reasons[0], f"no position has a component: {', '.join(reasons)}")
