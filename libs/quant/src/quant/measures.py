"""The table of risk measures: name and parameters -> pure function, declared inputs, unit, definition.

A new measure is a function here and a row of MEASURES; the risk service, the topic and the tables take it as
it is. A change of what a number means raises its `definition`, so that stored numbers stay comparable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from quant.drawdown import max_drawdown
from quant.exposure import concentration
from quant.result import Missing, Result
from quant.scenarios import BookScenarios
from quant.var import expected_shortfall, historical_var
from quant.volatility import latest_volatility

Input = Literal["market_values", "scenario_pnl", "value_series"]
Unit = Literal["currency", "ratio", "percent"]  # currency: the book's base currency

SCENARIO_COUNT = 500  # scenarios asked for; SCENARIO_COUNT + 1 dates of history make them
CONFIDENCES_BP = (9500, 9750, 9900)


@dataclass(frozen=True, slots=True)
class Book:
    """All a measure may look at: market value per priced symbol and the scenarios, both in base currency.

    `positions` counts the positions held, priced or not.
    """

    positions: int
    market_values: Mapping[str, Decimal]
    scenarios: Result[BookScenarios]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A number and what was found on the way to it, as text."""

    value: float
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table."""

    name: str
    unit: Unit
    inputs: tuple[Input, ...]
    parameters: Mapping[str, str]
    definition: int
    function: Callable[[Book, Mapping[str, str]], Result[Outcome]]

    def evaluate(self, book: Book) -> Result[Outcome]:
        """The measure of this book, or the reason why a declared input or the number itself is missing."""
        for name in self.inputs:
            missing = _missing_input(book, name)
            if missing is not None:
                return missing
        return self.function(book, self.parameters)


def _missing_input(book: Book, name: Input) -> Missing | None:
    if book.positions and not book.market_values:
        return Missing("unpriced", f"none of {book.positions} positions is priced")
    if name != "scenario_pnl" and not book.positions:
        return Missing("flat_book", "the book holds no position, so a ratio has no meaning")
    if name != "market_values" and isinstance(book.scenarios, Missing):
        return book.scenarios
    return None


def _historical_var(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    found = historical_var(scenarios.pnl, scenarios.dates, int(parameters["confidence_bp"]))
    if isinstance(found, Missing):
        return found
    details = {"k": str(found.rank), "scenario_date": str(found.scenario_date), "estimator": "kth_worst"}
    return Outcome(found.value, {**details, **_window(scenarios)})


def _expected_shortfall(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    found = expected_shortfall(scenarios.pnl, int(parameters["confidence_bp"]))
    if isinstance(found, Missing):
        return found
    details = {"tail_scenarios": f"{found.tail_scenarios:g}", "estimator": "acerbi_tasche"}
    return Outcome(found.value, {**details, **_window(scenarios)})


def _volatility(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    window = int(parameters["window"])
    found = latest_volatility(scenarios.values, window, int(parameters["periods_per_year"]))
    if isinstance(found, Missing):
        return found
    dates = scenarios.value_dates[-(window + 1) :]
    return Outcome(
        found, {"window_start": str(dates[0]), "window_end": str(dates[-1]), **_carried(scenarios)}
    )


def _max_drawdown(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    found = max_drawdown(scenarios.values)
    if isinstance(found, Missing):
        return found
    dates = scenarios.value_dates
    rows = {"peak_date": found.peak, "trough_date": found.trough, "recovery_date": found.recovery}
    episode = {name: str(dates[row]) for name, row in rows.items() if row is not None}
    return Outcome(found.value, {**episode, **_window(scenarios), "window_start": str(dates[0])})


def _concentration(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
    found = concentration(book.market_values)
    if isinstance(found, Missing):
        return found
    return Outcome(float(found.percent), {"symbol": found.symbol, "positions": str(len(book.market_values))})


def _scenarios(book: Book) -> BookScenarios:
    if isinstance(book.scenarios, Missing):
        raise ValueError("a measure that reads scenarios must declare scenario_pnl or value_series as input")
    return book.scenarios


def _window(scenarios: BookScenarios) -> dict[str, str]:
    window = {
        "scenarios": str(len(scenarios.dates)),
        "window_start": str(scenarios.dates[0]),
        "window_end": str(scenarios.dates[-1]),
    }
    return {**window, **_carried(scenarios)}


def _carried(scenarios: BookScenarios) -> dict[str, str]:
    """How much of the history was carried forward, and whose short history cut the window."""
    found = {
        "price_carried_percent": f"{scenarios.price_carried_share * 100:.4g}",
        "fx_carried_percent": f"{scenarios.fx_carried_share * 100:.4g}",
    }
    return found if scenarios.limited_by is None else {**found, "limited_by": scenarios.limited_by}


def _tail(
    name: str, function: Callable[[Book, Mapping[str, str]], Result[Outcome]], confidence_bp: int
) -> Measure:
    parameters = {
        "confidence_bp": str(confidence_bp),
        "horizon_days": "1",
        "method": "historical",
        "window": str(SCENARIO_COUNT),
    }
    return Measure(name, "currency", ("scenario_pnl",), MappingProxyType(parameters), 1, function)


_VOLATILITY = MappingProxyType({"window": "20", "periods_per_year": "252", "returns": "log"})
_WINDOW = MappingProxyType({"window": str(SCENARIO_COUNT)})
_NONE: Mapping[str, str] = MappingProxyType({})

MEASURES: tuple[Measure, ...] = (
    *(_tail("historical_var", _historical_var, level) for level in CONFIDENCES_BP),
    *(_tail("expected_shortfall", _expected_shortfall, level) for level in CONFIDENCES_BP),
    Measure("volatility_20d", "ratio", ("value_series",), _VOLATILITY, 1, _volatility),
    Measure("max_drawdown", "ratio", ("value_series",), _WINDOW, 1, _max_drawdown),
    Measure("concentration", "percent", ("market_values",), _NONE, 1, _concentration),
)
