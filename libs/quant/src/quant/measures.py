"""The table of risk measures: name and parameters -> pure function, declared inputs, unit, definition.

A new measure is a function here and a row of MEASURES; the risk service, the topic and the tables take it as
it is. A change of what a number means raises its `definition`, so that stored numbers stay comparable.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias

from quant.arrays import Dates, Floats
from quant.concentration import concentration, effective_names, group_concentration, herfindahl, top_share
from quant.drawdown import max_drawdown
from quant.expected_shortfall import expected_shortfall
from quant.intervals import var_interval
from quant.ratios import beta, sharpe_ratio, sortino_ratio
from quant.result import Missing, Result
from quant.returns import simple_returns
from quant.scenarios import BookScenarios
from quant.var import historical_var
from quant.volatility import ewma_volatility, latest_volatility

Input = Literal["market_values", "scenario_pnl", "value_series", "benchmark"]
Unit = Literal["currency", "ratio", "percent"]  # currency: the book's base currency

SCENARIO_COUNT = 500  # scenarios asked for; SCENARIO_COUNT + 1 dates of history make them
CONFIDENCES_BP = (9500, 9750, 9900)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a book is compared with: simple returns (N,) of dates (N,), in the book's base currency."""

    symbol: str
    dates: Dates
    returns: Floats


NO_BENCHMARK = Missing("no_history", "no benchmark was given")


@dataclass(frozen=True, slots=True)
class Book:
    """All a measure may look at: market value per priced symbol and the scenarios, both in base currency.

    `positions` counts the positions held, priced or not. `sectors` and `issuers` are labels by symbol; `cash`
    names the symbols that are money, which concentrates nothing.
    """

    positions: int
    market_values: Mapping[str, Decimal]
    scenarios: Result[BookScenarios]
    sectors: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    issuers: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    cash: frozenset[str] = frozenset()
    benchmark: Result[Benchmark] = NO_BENCHMARK

    def assets(self) -> dict[str, Decimal]:
        """Market value of everything priced that is not money."""
        return {name: value for name, value in self.market_values.items() if name not in self.cash}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A number and what was found on the way to it, as text."""

    value: float
    details: Mapping[str, str]


Function: TypeAlias = Callable[[Book, Mapping[str, str]], Result[Outcome]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table."""

    name: str
    unit: Unit
    inputs: tuple[Input, ...]
    parameters: Mapping[str, str]
    definition: int
    function: Function

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
    if name == "benchmark" and isinstance(book.benchmark, Missing):
        return book.benchmark
    return None


def _historical_var(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    found = historical_var(scenarios.pnl, scenarios.dates, int(parameters["confidence_bp"]))
    if isinstance(found, Missing):
        return found
    details = {"k": str(found.rank), "scenario_date": str(found.scenario_date), "estimator": "kth_worst"}
    beyond = _beyond(scenarios.pnl, int(parameters["confidence_bp"]))
    return Outcome(found.value, {**details, **beyond, **_window(scenarios)})


def _beyond(pnl: Floats, confidence_bp: int) -> dict[str, str]:
    """How sure a VaR is and how bad it gets behind it; a side of the interval without a bound is left out."""
    found: dict[str, str] = {}
    shortfall, interval = expected_shortfall(pnl, confidence_bp), var_interval(pnl, confidence_bp)
    if not isinstance(shortfall, Missing):
        found["expected_shortfall"] = repr(shortfall.value)
    if not isinstance(interval, Missing):
        sides = {"interval_lower": interval.lower, "interval_upper": interval.upper}
        found |= {name: repr(side) for name, side in sides.items() if side is not None}
        found["interval_coverage"] = f"{interval.coverage:.4f}"
    return found


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


def _volatility_ewma(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    found = ewma_volatility(
        scenarios.values,
        float(parameters["lambda"]),
        int(parameters["seed_window"]),
        int(parameters["periods_per_year"]),
    )
    if isinstance(found, Missing):
        return found
    return Outcome(found, {"mean": "zero", **_window(scenarios)})


def _sharpe(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    returns = simple_returns(scenarios.values)
    if isinstance(returns, Missing):
        return returns
    found = sharpe_ratio(returns, float(parameters["risk_free"]), int(parameters["periods_per_year"]))
    return (
        found if isinstance(found, Missing) else Outcome(found, {"form": "arithmetic", **_window(scenarios)})
    )


def _sortino(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    scenarios = _scenarios(book)
    returns = simple_returns(scenarios.values)
    if isinstance(returns, Missing):
        return returns
    found = sortino_ratio(returns, float(parameters["target"]), int(parameters["periods_per_year"]))
    return (
        found if isinstance(found, Missing) else Outcome(found, {"denominator": "full", **_window(scenarios)})
    )


def _beta(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
    """Over the dates that the book and the benchmark have in common; both end with the newest one."""
    scenarios, benchmark = _scenarios(book), book.benchmark
    if isinstance(benchmark, Missing):
        raise ValueError("a measure that reads the benchmark must declare it as input")
    returns = simple_returns(scenarios.values)
    if isinstance(returns, Missing):
        return returns
    common = min(len(returns), len(benchmark.returns))
    found = beta(returns[len(returns) - common :], benchmark.returns[len(benchmark.returns) - common :])
    if isinstance(found, Missing):
        return found
    window = {"scenarios": str(common), "window_start": str(scenarios.dates[len(returns) - common])}
    return Outcome(found, {"benchmark": benchmark.symbol, **_window(scenarios), **window})


def _concentration(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
    assets = book.assets()
    found = concentration(assets)
    if isinstance(found, Missing):
        return found
    return Outcome(float(found.percent), {"symbol": found.symbol, "positions": str(len(assets))})


def _top_share(book: Book, parameters: Mapping[str, str]) -> Result[Outcome]:
    assets = book.assets()
    count = int(parameters["count"])
    found = top_share(assets.values(), count)
    if isinstance(found, Missing):
        return found
    order = sorted(assets, key=lambda symbol: (assets[symbol].copy_abs().copy_negate(), symbol))
    return Outcome(float(found), {"symbols": ",".join(order[:count]), "positions": str(len(assets))})


def _over_names(function: Callable[[Iterable[Decimal]], Result[Decimal]]) -> Function:
    """A number about the market values of all names."""

    def outcome(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
        assets = book.assets()
        found = function(assets.values())
        return found if isinstance(found, Missing) else Outcome(float(found), {"positions": str(len(assets))})

    return outcome


def _over_groups(labels: Callable[[Book], Mapping[str, str | None]]) -> Function:
    """The largest of the groups that these labels make."""

    def outcome(book: Book, _parameters: Mapping[str, str]) -> Result[Outcome]:
        names = labels(book)
        found = group_concentration((names.get(symbol), value) for symbol, value in book.assets().items())
        if isinstance(found, Missing):
            return found
        details = {"unclassified_percent": f"{found.unclassified_percent:f}", "groups": str(found.groups)}
        return Outcome(float(found.percent), {"name": found.name, **details})

    return outcome


def _issuers(book: Book) -> Mapping[str, str | None]:
    return book.issuers


def _sectors(book: Book) -> Mapping[str, str | None]:
    return book.sectors


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
    """How much of the history was carried forward, what stood in, and whose short history cut the window."""
    found = {
        "price_carried_percent": f"{scenarios.price_carried_share * 100:.4g}",
        "fx_carried_percent": f"{scenarios.fx_carried_share * 100:.4g}",
    }
    if scenarios.proxies:
        found["proxies"] = " ".join(str(proxy) for proxy in scenarios.proxies)
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
_EWMA = MappingProxyType({"lambda": "0.94", "seed_window": "20", "periods_per_year": "252", "returns": "log"})
_SHARPE = MappingProxyType({"window": str(SCENARIO_COUNT), "periods_per_year": "252", "risk_free": "0"})
_SORTINO = MappingProxyType({"window": str(SCENARIO_COUNT), "periods_per_year": "252", "target": "0"})
_TOP_FIVE = MappingProxyType({"count": "5"})
_WINDOW = MappingProxyType({"window": str(SCENARIO_COUNT)})
_NONE: Mapping[str, str] = MappingProxyType({})

MEASURES: tuple[Measure, ...] = (
    *(_tail("historical_var", _historical_var, level) for level in CONFIDENCES_BP),
    *(_tail("expected_shortfall", _expected_shortfall, level) for level in CONFIDENCES_BP),
    Measure("volatility_20d", "ratio", ("value_series",), _VOLATILITY, 1, _volatility),
    Measure("max_drawdown", "ratio", ("value_series",), _WINDOW, 1, _max_drawdown),
    Measure("volatility_ewma", "ratio", ("value_series",), _EWMA, 1, _volatility_ewma),
    Measure("sharpe", "ratio", ("value_series",), _SHARPE, 1, _sharpe),
    Measure("sortino", "ratio", ("value_series",), _SORTINO, 1, _sortino),
    Measure("beta", "ratio", ("value_series", "benchmark"), _WINDOW, 1, _beta),
    Measure("concentration", "percent", ("market_values",), _NONE, 2, _concentration),
    Measure("top5_share", "percent", ("market_values",), _TOP_FIVE, 1, _top_share),
    Measure("hhi", "ratio", ("market_values",), _NONE, 1, _over_names(herfindahl)),
    Measure("effective_names", "ratio", ("market_values",), _NONE, 1, _over_names(effective_names)),
    Measure("issuer_concentration", "percent", ("market_values",), _NONE, 1, _over_groups(_issuers)),
    Measure("sector_concentration", "percent", ("market_values",), _NONE, 1, _over_groups(_sectors)),
)
