"""What each position of a closing value is of its value at risk and its expected shortfall."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts import Measure, RiskReport, Valuation
from contracts.types import MeasureReason
from quant import (
    Book,
    BookScenarios,
    LossShare,
    Missing,
    Result,
    Tail,
    historical_var,
    loss_shares,
    shortfall_tail,
)

SPLIT_BP = 9900
"""Confidence of the measures that are split at the close; others are split when somebody asks."""


def _var_tail(scenarios: BookScenarios, confidence_bp: int) -> Result[Tail]:
    found = historical_var(scenarios.pnl, scenarios.dates, confidence_bp)
    return found if isinstance(found, Missing) else found.tail


def _shortfall_tail(scenarios: BookScenarios, confidence_bp: int) -> Result[Tail]:
    return shortfall_tail(scenarios.pnl, scenarios.dates, confidence_bp)


TAILS: Mapping[str, Callable[[BookScenarios, int], Result[Tail]]] = {
    "historical_var": _var_tail,
    "expected_shortfall": _shortfall_tail,
}
"""The scenarios behind each measure that has a split."""


@dataclass(frozen=True, slots=True)
class PositionShare:
    """One position in the split of one measure; without a share it says why."""

    symbol: str
    share: LossShare | None
    reason: MeasureReason | None = None


@dataclass(frozen=True, slots=True)
class RiskSplit:
    """A measure of one valuation, position by position; the components add up to `total` exactly.

    Every position of the valuation is in it, also one that has no price. `total` is None when the measure
    itself is missing.
    """

    portfolio_id: str
    valuation_id: str
    as_of: datetime
    recorded_at: datetime
    basis: str
    currency: str
    measure: str
    parameters: Mapping[str, str]
    history_version: str
    total: Decimal | None
    positions: tuple[PositionShare, ...]


def splits_of(valuation: Valuation, book: Book, report: RiskReport) -> Iterator[RiskSplit]:
    """The split of every measure that is split at the close, of a valuation, its book and its report."""
    for row in report.measures:
        if row.measure in TAILS and row.parameters["confidence_bp"] == str(SPLIT_BP):
            yield _split(valuation, book, report, row)


def _split(valuation: Valuation, book: Book, report: RiskReport, row: Measure) -> RiskSplit:
    total, positions = _shares(valuation, book, row)
    return RiskSplit(
        portfolio_id=report.portfolio_id,
        valuation_id=report.valuation_id,
        as_of=report.as_of,
        recorded_at=report.recorded_at,
        basis=report.basis,
        currency=report.currency,
        measure=row.measure,
        parameters=row.parameters,
        history_version=report.history_version,
        total=total,
        positions=positions,
    )


def _shares(
    valuation: Valuation, book: Book, row: Measure
) -> tuple[Decimal | None, tuple[PositionShare, ...]]:
    if row.value is None:
        return None, tuple(PositionShare(one.symbol, None, row.reason) for one in valuation.positions)
    scenarios = book.scenarios
    assert not isinstance(scenarios, Missing), "a measure of scenarios has no value without them"
    tail = TAILS[row.measure](scenarios, int(row.parameters["confidence_bp"]))
    assert not isinstance(tail, Missing), "a measure that has a value has a tail"
    values = [book.market_values[symbol] for symbol in scenarios.symbols]
    total, shares = loss_shares(tail.loss(scenarios.pnl), tail.losses(scenarios.position_pnl), values)
    return total, _by_position(valuation, scenarios.symbols, shares)


def _by_position(
    valuation: Valuation, symbols: Sequence[str], shares: Sequence[LossShare]
) -> tuple[PositionShare, ...]:
    known = dict(zip(symbols, shares, strict=True))
    return tuple(
        PositionShare(one.symbol, known.get(one.symbol), None if one.symbol in known else "unpriced")
        for one in valuation.positions
    )
