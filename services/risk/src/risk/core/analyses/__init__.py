"""The table of analyses: name -> request type and pure function of the desk.

A new analysis is a module here, its types in `contracts.analysis`, and a row; the HTTP route follows from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from contracts.analysis.backtest import BacktestRequest
from contracts.analysis.explain import ExplainRequest
from contracts.analysis.limits import CureRequest, LimitsRequest
from contracts.analysis.scenarios import ScenariosRequest
from contracts.analysis.stress import StressRequest
from contracts.analysis.var import ComponentsRequest, VarRequest
from contracts.analysis.what_if import WhatIfRequest
from risk.core.analyses.backtest import backtest
from risk.core.analyses.components import components
from risk.core.analyses.cure import cure
from risk.core.analyses.explain import explain
from risk.core.analyses.limits import limits
from risk.core.analyses.scenarios import scenarios
from risk.core.analyses.stress import stress
from risk.core.analyses.var import var
from risk.core.analyses.what_if import what_if
from risk.core.desk import Desk


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a request is read and what answers it."""

    request: type[Struct]
    answer: Callable[[Desk, Any], Struct]


ANALYSES: Mapping[str, Analysis] = {
    "backtest": Analysis(BacktestRequest, backtest),
    "components": Analysis(ComponentsRequest, components),
    "cure": Analysis(CureRequest, cure),
    "explain": Analysis(ExplainRequest, explain),
    "limits": Analysis(LimitsRequest, limits),
    "scenarios": Analysis(ScenariosRequest, scenarios),
    "stress": Analysis(StressRequest, stress),
    "var": Analysis(VarRequest, var),
    "what_if": Analysis(WhatIfRequest, what_if),
}
