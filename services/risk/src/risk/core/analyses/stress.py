"""Stress tests of the present book."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts import PositionValue
from contracts.analysis.stress import (
    ReverseStress,
    ShockIn,
    StressAnswer,
    StressLine,
    StressOutcome,
    StressRequest,
)
from measuring.core.reports import priced
from quant import (
    NAMED_PERIODS,
    BookScenarios,
    FactorMatrix,
    LikelyMove,
    Missing,
    Result,
    Shock,
    StressPosition,
    StressResult,
    historical_stress,
    hypothetical_stress,
    most_likely_move,
    smallest_uniform_move,
    worst_period,
)
from quant.arrays import Dates
from risk.core.desk import Desk, DeskBook, Refused, unavailable

ALL_HISTORY = 100_000  # more scenarios than any history has
WORST_DAYS = (1, 5, 20)


def stress(desk: Desk, request: StressRequest) -> StressAnswer:
    """Own shocks, or every named period and the worst days of the history; reverse stress for a loss."""
    if request.loss is not None and not request.loss > 0:
        raise Refused(422, f"loss {request.loss} must be above zero")
    book = desk.book(request)
    if request.shocks:
        stresses: tuple[StressOutcome, ...] = (_own(book, request.shocks),)
    else:
        stresses = _historical(desk.book_of(book.valuation, ALL_HISTORY))
    return StressAnswer(
        **desk.head(book.valuation),
        stresses=stresses,
        reverse=() if request.loss is None else _reverse(book, request.loss),
        unpriced=tuple(p.symbol for p in book.valuation.positions if p.market_value_base is None),
    )


def _own(book: DeskBook, asked: Sequence[ShockIn]) -> StressOutcome:
    try:
        shocks = [Shock(one.selector, one.value, one.size, one.kind, one.factor) for one in asked]
    except ValueError as error:
        raise Refused(422, str(error)) from error
    description = "; ".join(str(shock) for shock in shocks)
    unpriced = _unpriced(book)
    found = unpriced or hypothetical_stress(_positions(book), shocks, book.valuation.currency)
    return _outcome(book, found, name="own", description=description, kind="hypothetical")


def _historical(book: DeskBook) -> tuple[StressOutcome, ...]:
    factors = book.factors
    if _unpriced(book) is not None or factors is None:
        why = _unpriced(book) or Missing("no_history", f"no daily history before {book.market_date}")
        return tuple(
            _outcome(book, why, name=one.name, description=one.description, kind="historical")
            for one in NAMED_PERIODS
        )
    named = [
        _outcome(
            book,
            historical_stress(factors, book.holdings, one.first, one.last),
            name=one.name,
            description=one.description,
            kind="historical",
            first=one.first.item(),
            last=one.last.item(),
        )
        for one in NAMED_PERIODS
    ]
    return (*named, *(_worst(book, factors, days) for days in WORST_DAYS))


def _worst(book: DeskBook, factors: FactorMatrix, days: int) -> StressOutcome:
    """The successive days of all history that would cost this book most."""
    rows = worst_period(factors, book.holdings, days)
    name, description = f"worst_{days}_days", f"the {days} worst days of history for this book"
    if isinstance(rows, Missing):
        return _outcome(book, rows, name=name, description=description, kind="historical")
    first, last = factors.dates[rows[0] + 1], factors.dates[rows[1]]
    found = historical_stress(factors, book.holdings, first, last)
    return _outcome(
        book,
        found,
        name=name,
        description=description,
        kind="historical",
        first=first.item(),
        last=last.item(),
    )


def _outcome(book: DeskBook, found: Result[StressResult], **head: Any) -> StressOutcome:
    if isinstance(found, Missing):
        return StressOutcome(**head, unavailable=unavailable(found))
    gross = sum(abs(held.market_value) for held in book.holdings)
    return StressOutcome(
        **head,
        pnl=found.pnl,
        percent=100.0 * found.pnl / gross if gross else None,
        lines=tuple(
            StressLine(symbol=symbol, price_move=price, fx_move=fx, pnl=pnl)
            for symbol, price, fx, pnl in zip(
                found.symbols,
                found.price_moves.tolist(),
                found.fx_moves.tolist(),
                found.position_pnl.tolist(),
                strict=True,
            )
        ),
        not_shocked=found.not_shocked,
        proxies=found.proxied,
        warnings=found.warnings,
    )


def _reverse(book: DeskBook, loss: float) -> tuple[ReverseStress, ...]:
    return (_uniform(book, loss), _most_likely(book, loss))


def _uniform(book: DeskBook, loss: float) -> ReverseStress:
    found = _unpriced(book) or smallest_uniform_move(book.holdings, loss)
    if isinstance(found, Missing):
        return ReverseStress(method="uniform", loss=loss, unavailable=unavailable(found))
    return ReverseStress(method="uniform", loss=loss, move=found.move)


def _most_likely(book: DeskBook, loss: float) -> ReverseStress:
    scenarios = book.scenarios()
    found = scenarios if isinstance(scenarios, Missing) else _likely(book, scenarios, loss)
    if isinstance(found, Missing):
        return ReverseStress(method="most_likely", loss=loss, unavailable=unavailable(found))
    likely, dates = found
    rows = zip(likely.symbols, likely.moves.tolist(), likely.position_pnl.tolist(), strict=True)
    return ReverseStress(
        method="most_likely",
        loss=loss,
        distance=likely.distance,
        lines=tuple(StressLine(symbol=s, price_move=move, fx_move=0.0, pnl=pnl) for s, move, pnl in rows),
        window_start=dates[0].item(),
        window_end=dates[-1].item(),
    )


def _likely(book: DeskBook, scenarios: BookScenarios, loss: float) -> Result[tuple[LikelyMove, Dates]]:
    assert book.factors is not None, "scenarios come from factors"
    columns = [book.factors.columns[held.factor] for held in book.holdings]
    window = np.searchsorted(book.factors.dates[1:], scenarios.dates)
    found = most_likely_move(book.holdings, book.factors.returns[window][:, columns], loss)
    return found if isinstance(found, Missing) else (found, scenarios.dates)


def _unpriced(book: DeskBook) -> Missing | None:
    if book.holdings or not book.valuation.positions:
        return None
    return Missing("unpriced", f"none of {len(book.valuation.positions)} positions is priced")


def _positions(book: DeskBook) -> list[StressPosition]:
    return [
        StressPosition(
            held, position.asset_class, position.sector, _price(position), _number(position.fx_rate)
        )
        for held, position in zip(book.holdings, priced(book.valuation), strict=True)
    ]


def _price(position: PositionValue) -> float | None:
    """Of what the shock moves: the underlying of an option, else the position itself."""
    return position.option.spot if position.option is not None else _number(position.price)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
