"""One risk report from one valuation and the factors of its market date."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import cast

from contracts import Measure as MeasureMessage
from contracts import PositionValue, RiskReport, Valuation
from contracts.types import MeasureReason
from measuring.core.history import FactorCache, market_date
from quant import (
    MEASURES,
    Benchmark,
    Book,
    BookScenarios,
    FactorMatrix,
    HeldOption,
    Holding,
    Measure,
    Missing,
    OptionContract,
    Outcome,
    Result,
    book_scenarios,
)


def make_report(
    valuation: Valuation, factors: FactorMatrix | None, history_version: str, recorded_at: datetime
) -> RiskReport:
    """Every measure of the table for one valuation, over its priced positions; its coverage says which."""
    return report_of(valuation, book_of(valuation, factors), history_version, recorded_at)


def report_of(valuation: Valuation, book: Book, history_version: str, recorded_at: datetime) -> RiskReport:
    """The same for a book that is made already."""
    return RiskReport(
        portfolio_id=valuation.portfolio_id,
        valuation_id=valuation.valuation_id,
        as_of=valuation.as_of,
        recorded_at=recorded_at,
        currency=valuation.currency,
        basis=valuation.basis,
        market_value=valuation.market_value,
        coverage=valuation.coverage,
        history_version=history_version,
        measures=tuple(_message(row, row.evaluate(book), valuation.currency) for row in MEASURES),
        source_ts_us=valuation.source_ts_us,
    )


def factors_of(cache: FactorCache, valuation: Valuation) -> FactorMatrix | None:
    """What the book of a valuation is measured with; None without history before its market date."""
    only_fx = is_only_fx(priced(valuation))
    return cache.factors(market_date(valuation.as_of), valuation.currency, only_fx=only_fx)


def priced(valuation: Valuation) -> list[PositionValue]:
    """The positions that have a price and a rate."""
    return [position for position in valuation.positions if position.market_value_base is not None]


def is_only_fx(held: Sequence[PositionValue]) -> bool:
    """Whether a book holds currency pairs and nothing else."""
    return bool(held) and all(position.asset_class == "fx" for position in held)


def holdings_of(positions: Sequence[PositionValue]) -> list[Holding]:
    """Priced positions as the scenarios take them."""
    return [
        Holding(
            symbol=position.symbol,
            currency=position.currency,
            market_value=float(position.market_value_base or 0),
            units=float(position.quantity) * float(position.multiplier),
            option=held_option(position),
        )
        for position in positions
    ]


def held_option(position: PositionValue) -> HeldOption | None:
    """What an option is revalued with; None for anything else, and for an option that no model explains."""
    terms, rate = position.option, position.fx_rate
    if terms is None or rate is None:
        return None
    contract = OptionContract(
        underlying=terms.underlying,
        right=terms.option_right,
        strike=terms.strike,
        years=terms.years,
        volatility=terms.volatility,
        interest_rate=terms.interest_rate,
        dividend_yield=terms.dividend_yield,
    )
    return HeldOption(contract, terms.spot, float(rate))


def book_of(valuation: Valuation, factors: FactorMatrix | None) -> Book:
    """What the measures look at: the priced positions of a valuation and their scenarios."""
    positions = priced(valuation)
    return Book(
        positions=len(valuation.positions),
        market_values={p.symbol: p.market_value_base for p in positions if p.market_value_base is not None},
        scenarios=_scenarios(positions, factors),
        sectors={p.symbol: p.sector for p in positions},
        issuers={p.symbol: p.issuer for p in positions},
        cash=frozenset(p.symbol for p in positions if p.asset_class == "cash"),
        benchmark=_benchmark(factors),
    )


def _benchmark(factors: FactorMatrix | None) -> Result[Benchmark]:
    """Returns of the benchmark in base currency, from where its history begins."""
    symbol = None if factors is None else factors.benchmark
    if factors is None or symbol is None or symbol not in factors.columns:
        return Missing("no_history", f"no daily history of the benchmark {symbol or ''}".rstrip())
    column = factors.columns[symbol]
    start = int(factors.first[column])
    if len(factors.dates) - start < 2:
        return Missing("no_history", f"no daily history of the benchmark {symbol}")
    return Benchmark(symbol, factors.dates[start + 1 :], factors.returns[start:, column])


def _scenarios(positions: Sequence[PositionValue], factors: FactorMatrix | None) -> Result[BookScenarios]:
    if factors is None:
        return Missing("no_history", "no daily history before the market date")
    return book_scenarios(factors, holdings_of(positions))


def _message(row: Measure, found: Result[Outcome], currency: str) -> MeasureMessage:
    if isinstance(found, Outcome) and not isfinite(found.value):
        found = Missing("not_finite", f"{row.name} came out as {found.value}")
    missing = isinstance(found, Missing)
    return MeasureMessage(
        measure=row.name,
        value=None if missing else found.value,
        unit=currency if row.unit == "currency" else row.unit,
        parameters=dict(row.parameters),
        details={"message": found.message} if missing else dict(found.details),
        # The measures of the table give reasons of the contract only; a test keeps it so.
        reason=cast(MeasureReason, found.reason) if missing else None,
        definition=row.definition,
    )
