"""The scenarios a VaR method looks at: the past as it was, rescaled, compounded or cut to its worst year."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from quant.arrays import Dates
from quant.filters import filtered_paths, volatility_scaled
from quant.horizon import overlapping_returns
from quant.quantiles import Estimator
from quant.result import Missing, Result
from quant.revaluation import Holding, Moves, revalue
from quant.scenarios import BookScenarios, FactorMatrix, book_scenarios, past_moves
from quant.stressed import STRESSED_SINCE, stressed_window

SQRT_TIME = "sqrt_time"


@dataclass(frozen=True, slots=True)
class Sample:
    """Scenarios of a book, and how far their number can be trusted.

    `scale` multiplies what is read from them (sqrt of the horizon, or 1); `horizon_rule` names how the
    horizon was reached. `effective` scenarios count as independent. `paths` (N, days) are the dates drawn
    for each scenario where it is more than one. `is_independent` says whether an order-statistic interval
    holds.
    """

    scenarios: BookScenarios
    horizon_rule: str
    scale: float
    effective: float
    is_independent: bool = True
    paths: Dates | None = None
    warnings: tuple[str, ...] = ()


def past_sample(factors: FactorMatrix, holdings: Sequence[Holding], days: int) -> Result[Sample]:
    """Every past date as it was, one day each."""
    found = book_scenarios(factors, holdings)
    return found if isinstance(found, Missing) else _scaled(found, holdings, days)


def volatility_scaled_sample(factors: FactorMatrix, holdings: Sequence[Holding], days: int) -> Result[Sample]:
    """Every past move at the volatility of now, one day each (`volatility_scaled` per factor)."""
    past = book_scenarios(factors, holdings)
    if isinstance(past, Missing):
        return past
    moves = _moves(factors, holdings, past)
    total, fx = volatility_scaled(moves.total), volatility_scaled(moves.fx)
    if isinstance(total, Missing):
        return total
    if isinstance(fx, Missing):
        return fx
    found = _revalued(past, holdings, Moves(total.moves, fx.moves), past.dates[total.dropped :])
    still = sorted({held.factor for held, flag in zip(holdings, total.unscaled, strict=True) if flag})
    warnings = (f"not scaled where the price stood still: {', '.join(still)}",) if still else ()
    one_day = _scaled(found, holdings, days)
    if isinstance(one_day, Missing):
        return one_day
    return replace(one_day, warnings=warnings + one_day.warnings)


def filtered_sample(factors: FactorMatrix, holdings: Sequence[Holding], days: int) -> Result[Sample]:
    """Paths of past days at the volatility of now (`filtered_paths`); one day needs no drawing."""
    if days == 1:
        return volatility_scaled_sample(factors, holdings, days)
    past = book_scenarios(factors, holdings)
    if isinstance(past, Missing):
        return past
    moves = _moves(factors, holdings, past)
    both = filtered_paths(np.concatenate((moves.total, moves.fx), axis=1), days)
    if isinstance(both, Missing):
        return both
    total, fx = np.split(both[0], 2, axis=1)
    paths = past.dates[both[1]]
    return Sample(
        scenarios=_revalued(past, holdings, Moves(total, fx), paths[:, 0]),
        horizon_rule="filtered_paths",
        scale=1.0,
        effective=float(len(past.dates) - int(both[1].min(initial=0))),
        is_independent=False,
        paths=paths,
        warnings=("more paths do not add history: the past days they are drawn from limit the accuracy",),
    )


def overlapping_sample(factors: FactorMatrix, holdings: Sequence[Holding], days: int) -> Result[Sample]:
    """The book revalued at returns over `days` consecutive dates."""
    past = book_scenarios(factors, holdings)
    if isinstance(past, Missing):
        return past
    if len(past.dates) < days:
        return Missing("too_few_scenarios", f"{len(past.dates)} dates hold no return over {days} days")
    moves = _moves(factors, holdings, past)
    long = Moves(overlapping_returns(moves.total, days), overlapping_returns(moves.fx, days))
    found = _revalued(past, holdings, long, past.dates[days - 1 :])
    warnings = (f"returns over {days} days overlap: they are not independent",) if days > 1 else ()
    effective = len(found.dates) / days
    return Sample(found, "overlapping", 1.0, effective, is_independent=days == 1, warnings=warnings)


def stressed_sample(
    factors: FactorMatrix,
    holdings: Sequence[Holding],
    days: int,
    confidence_bp: int,
    estimator: Estimator,
    window: int,
) -> Result[Sample]:
    """The worst `window` consecutive dates for this book since 2007, or since its history begins."""
    past = book_scenarios(factors, holdings)
    if isinstance(past, Missing):
        return past
    since = int(np.searchsorted(past.dates, STRESSED_SINCE))
    worst = stressed_window(past.pnl[since:], confidence_bp, estimator, window)
    if isinstance(worst, Missing):
        return worst
    rows = slice(since + worst.start, since + worst.stop)
    found = replace(
        past,
        dates=past.dates[rows],
        pnl=past.pnl[rows],
        position_pnl=past.position_pnl[rows],
        value_dates=past.value_dates[rows.start : rows.stop + 1],
        values=past.values[rows.start : rows.stop + 1],
    )
    one_day = _scaled(found, holdings, days)
    if isinstance(one_day, Missing):
        return one_day
    first = past.dates[since]
    searched = f"worst of {worst.windows} windows of {window} scenarios from {first} to {past.dates[-1]}"
    short = first > STRESSED_SINCE + np.timedelta64(31, "D")
    late = (f"history begins on {first}: earlier stress is not in it",) if short else ()
    return replace(one_day, warnings=(searched, *late, *one_day.warnings))


def _scaled(found: BookScenarios, holdings: Sequence[Holding], days: int) -> Result[Sample]:
    """One-day scenarios for a longer horizon by the square root of time, which options do not follow."""
    if days == 1:
        return Sample(found, "one_day", 1.0, float(len(found.dates)))
    if any(held.option is not None for held in holdings):
        message = "options do not scale with the square root of time; overlapping and filtered revalue them"
        return Missing("outside_domain", message)
    warning = f"scaled by the square root of {days} days: right only for independent moves with a mean of 0"
    return Sample(found, SQRT_TIME, sqrt(days), float(len(found.dates)), warnings=(warning,))


def _moves(factors: FactorMatrix, holdings: Sequence[Holding], past: BookScenarios) -> Moves:
    columns = np.array([factors.columns[held.factor] for held in holdings], dtype=np.intp)
    return past_moves(factors, columns, len(factors.dates) - len(past.value_dates))


def _revalued(past: BookScenarios, holdings: Sequence[Holding], moves: Moves, dates: Dates) -> BookScenarios:
    """The same book and history at other moves; the value series stays the one of the history."""
    position_pnl = revalue(holdings, moves)
    return replace(past, dates=dates, pnl=position_pnl.sum(axis=1), position_pnl=position_pnl)
