"""Why the VaR of a book changed: full recomputation, one component after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import msgspec

from contracts import PositionValue, Valuation
from contracts.analysis.explain import Component, ExplainAnswer, ExplainRequest, VarPart
from measuring.core.reports import holdings_of, priced
from quant import (
    MEASURES,
    ExplainedChange,
    ExplainStep,
    FactorMatrix,
    Missing,
    Result,
    book_scenarios,
    explain_change,
    historical_var,
)
from risk.core.desk import Desk, Refused, unavailable

METHOD = "historical, k-th worst, one day"


@dataclass(frozen=True, slots=True)
class _State:
    """What a VaR is made of: units held, prices and rates to value them with, and the history."""

    units: Mapping[str, Decimal]
    lines: Mapping[str, PositionValue]
    rates: Mapping[str, Decimal]
    factors: FactorMatrix | None


def explain(desk: Desk, request: ExplainRequest) -> ExplainAnswer:
    """The change from an earlier valuation to the newest one."""
    now = desk.book(request)
    if request.before.currency != now.valuation.currency:
        raise Refused(422, f"the base currency changed from {request.before.currency} in between")
    if not 5000 <= request.confidence_bp < 10_000:
        raise Refused(422, f"confidence_bp {request.confidence_bp} must be from 5000 to 9999")
    then = desk.book_of(request.before, request.lookback)
    before, after = _state(request.before, then.factors), _state(now.valuation, now.factors)
    found = explain_change(before, after, _STEPS, lambda state: _var(state, before, after, request))
    head: dict[str, Any] = {
        **desk.head(now.valuation),
        "confidence_bp": request.confidence_bp,
        "method": METHOD,
        "from_as_of": request.before.as_of,
        "from_valuation_id": request.before.valuation_id,
    }
    if isinstance(found, Missing):
        return ExplainAnswer(**head, unavailable=unavailable(found))
    return _answer(head, found, request)


def _answer(head: dict[str, Any], found: ExplainedChange, request: ExplainRequest) -> ExplainAnswer:
    """The number reported then is where the change starts; today's history corrects it."""
    reported = found.before if request.reported is None else request.reported
    parts = (
        VarPart(component=_restated(request), amount=found.before - reported),
        *(VarPart(component=cast(Component, part.name), amount=part.amount) for part in found.parts),
    )
    change = found.after - reported
    return ExplainAnswer(
        **head,
        var_before=reported,
        var_after=found.after,
        change=change,
        parts=parts,
        remainder=change - sum(part.amount for part in parts),
    )


def _restated(request: ExplainRequest) -> Component:
    """A number of another definition differs by its method; otherwise by the history corrected since."""
    (row,) = {row.definition for row in MEASURES if row.name == "historical_var"}
    return "data_correction" if request.reported_definition in (None, row) else "method"


def _state(valuation: Valuation, factors: FactorMatrix | None) -> _State:
    lines = {line.symbol: line for line in priced(valuation)}
    rates = {line.currency: line.fx_rate for line in lines.values() if line.fx_rate is not None}
    return _State({symbol: line.quantity for symbol, line in lines.items()}, lines, rates, factors)


# The order is part of the definition: history first, then what is held, then what it costs.
_STEPS: tuple[ExplainStep[_State], ...] = (
    ExplainStep("window", lambda state, after: replace(state, factors=after.factors)),
    ExplainStep("positions", lambda state, after: replace(state, units=after.units)),
    ExplainStep("market", lambda state, after: replace(state, lines=after.lines)),
    ExplainStep("fx", lambda state, after: replace(state, rates=after.rates)),
)


def _var(state: _State, before: _State, after: _State, request: ExplainRequest) -> Result[float]:
    if state.factors is None:
        return Missing("no_history", "no daily history before the market date")
    held = [_line(symbol, units, state, before, after) for symbol, units in state.units.items() if units]
    scenarios = book_scenarios(state.factors, holdings_of(held))
    if isinstance(scenarios, Missing):
        return scenarios
    found = historical_var(scenarios.pnl, scenarios.dates, request.confidence_bp)
    return found if isinstance(found, Missing) else found.value


def _line(symbol: str, units: Decimal, state: _State, before: _State, after: _State) -> PositionValue:
    """A position valued by the state; a name that only one side knows has the price of that side."""
    line = state.lines.get(symbol) or after.lines.get(symbol) or before.lines[symbol]
    rate = state.rates.get(line.currency) or after.rates.get(line.currency) or before.rates[line.currency]
    value = units * line.multiplier * (line.price or Decimal(0)) * rate
    return msgspec.structs.replace(line, quantity=units, fx_rate=rate, market_value_base=value)
