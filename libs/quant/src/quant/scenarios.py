"""Historical scenarios of current holdings: daily histories on one grid, their returns, the P&L of a book.

One scenario is one date across all instruments, which keeps their dependence. Floats: these are model inputs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from quant.arrays import Bools, Dates, Floats
from quant.fx import DEFAULT_PIVOT, quote_path
from quant.proxies import Proxy, fill_prices
from quant.result import Missing, Result
from quant.revaluation import Holding, Moves, pro_forma_values, revalue


@dataclass(frozen=True, slots=True)
class DatedSeries:
    """Values (T,) of strictly rising dates (T,); prices have a `currency`, exchange rates have none ("")."""

    dates: Dates
    values: Floats
    currency: str = ""


@dataclass(frozen=True, slots=True)
class FactorMatrix:
    """Histories of all instruments in one base currency on one grid of T dates, F instruments.

    `levels` (T, F) are adjusted prices times FX, NaN before an instrument's first price or rate; `returns`
    (T-1, F) are its simple returns, which equal (1 + r_local)(1 + r_fx) - 1. `first` (F,) is the first row
    that is not NaN (T if none). `rates` (T, F) is the FX part of the levels. `price_carried` and `fx_carried`
    (T, F) mark values carried forward from an earlier date. `benchmark` is the column that books are compared
    with, if one is chosen. `proxies` tells whose prices were filled before the listing or in a long gap,
    and by what.
    """

    dates: Dates
    columns: Mapping[str, int]
    currencies: Sequence[str]
    levels: Floats
    rates: Floats
    returns: Floats
    first: np.ndarray[tuple[int], np.dtype[np.intp]]
    price_carried: Bools
    fx_carried: Bools
    benchmark: str | None = None
    proxies: Mapping[str, Proxy] = field(default_factory=dict[str, Proxy])


@dataclass(frozen=True, slots=True)
class BookScenarios:
    """What history says about a book held unchanged, all in base currency.

    `pnl` (N,) of `dates` (N,): market value now times the base return of each date, of options the full
    revaluation; it is the sum of the columns of `position_pnl` (N, P), one per entry of `symbols`. `values`
    (N+1,) of `value_dates` (N+1,): pro-forma value, units times adjusted price times FX. The carried shares
    are fractions of all (date, position) cells used. `limited_by` names the instrument whose short history
    cut the window, if one did; `proxies` those whose own history did not reach back.
    """

    dates: Dates
    pnl: Floats
    symbols: tuple[str, ...]
    position_pnl: Floats
    value_dates: Dates
    values: Floats
    price_carried_share: float
    fx_carried_share: float
    limited_by: str | None
    proxies: tuple[Proxy, ...] = ()


def scenario_grid(calendars: Iterable[Dates], before: np.datetime64, rows: int) -> Dates:
    """The last `rows` dates strictly before `before` on which any of the calendars has an entry, rising."""
    known = [dates[dates < before] for dates in calendars]
    if not known:
        return np.empty(0, dtype="datetime64[D]")
    return np.unique(np.concatenate(known))[-rows:]


def weekdays(dates: Dates) -> Dates:
    """Only Mondays to Fridays: FX histories hold Sunday evenings, which are no trading days of their own."""
    return dates[np.is_busday(dates)]


def carry(series: DatedSeries, grid: Dates) -> tuple[Floats, Bools]:
    """Newest value at or before each grid date (T,), NaN before the first; and where it had to be carried."""
    rows = np.searchsorted(series.dates, grid, side="right") - 1
    known = rows >= 0
    if not known.any():
        return np.full(len(grid), np.nan), np.zeros(len(grid), dtype=np.bool_)
    values = np.where(known, series.values[rows], np.nan)
    return values, known & (series.dates[rows] != grid)


def fx_levels(
    quotes: Mapping[str, DatedSeries], source: str, target: str, grid: Dates, pivot: str = DEFAULT_PIVOT
) -> tuple[Floats, Bools]:
    """Units of `target` per unit of `source` on each grid date (T,), and where a quote was carried (T,).

    The path is the one of `fx.cross_rate`, chosen once for the whole grid: among quotes that reach back to
    its first date if there is such a path, otherwise among all. Unconnected currencies give NaN.
    """
    old_enough = {pair for pair, series in quotes.items() if len(series.dates) and series.dates[0] <= grid[0]}
    path = quote_path(old_enough, source, target, pivot)
    if path is None:
        path = quote_path(quotes, source, target, pivot)
    if path is None:
        return np.full(len(grid), np.nan), np.zeros(len(grid), dtype=np.bool_)
    rates, carried = np.ones(len(grid)), np.zeros(len(grid), dtype=np.bool_)
    for pair, inverse in path:
        leg, leg_carried = carry(quotes[pair], grid)
        rates = rates / leg if inverse else rates * leg
        carried |= leg_carried
    return rates, carried


def factor_matrix(
    prices: Mapping[str, DatedSeries],
    quotes: Mapping[str, DatedSeries],
    base: str,
    grid: Dates,
    pivot: str = DEFAULT_PIVOT,
    groups: Mapping[str, str] | None = None,
) -> FactorMatrix:
    """All instruments on the grid, in base currency.

    Inputs: adjusted price history per symbol, FX history per pair, grid (T,) with at least one date; the
    sector of each instrument that may have a proxy (`fill_prices`), none without `groups`.
    A day without a price carries the last one: the local return is 0, FX still moves, the next day catches
    up. A gap of more than 10 dates is not carried over.
    """
    shape = (len(grid), len(prices))
    local, fx_rates = np.empty(shape), np.empty(shape)
    price_carried, fx_carried = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    rates: dict[str, tuple[Floats, Bools]] = {}
    for column, series in enumerate(prices.values()):
        if series.currency not in rates:
            rates[series.currency] = fx_levels(quotes, series.currency, base, grid, pivot)
        local[:, column], price_carried[:, column] = carry(series, grid)
        fx_rates[:, column], fx_carried[:, column] = rates[series.currency]
    filled = fill_prices(local, price_carried, list(prices), groups)
    levels = filled.prices * fx_rates
    gaps = np.isnan(levels)
    return FactorMatrix(
        dates=grid,
        columns={symbol: column for column, symbol in enumerate(prices)},
        currencies=[series.currency for series in prices.values()],
        levels=levels,
        rates=fx_rates,
        returns=levels[1:] / levels[:-1] - 1.0,
        first=np.where(gaps.all(axis=0), len(grid), np.argmin(gaps, axis=0)),
        price_carried=price_carried,
        fx_carried=fx_carried,
        proxies=filled.proxies,
    )


def book_scenarios(factors: FactorMatrix, holdings: Sequence[Holding]) -> Result[BookScenarios]:
    """Scenario P&L and pro-forma value series of current holdings.

    Inputs: factors in the book's base currency; priced positions. Output in base currency, gains positive.
    The window starts where the youngest of the held histories starts, proxies included. An empty book has a
    P&L and a value of 0 on every date.
    Errors: Missing("no_history") naming the positions without any history in their currency, since a book is
    measured whole or not at all; the same when fewer than two dates are left.
    Source: docs/reference/measures.md, section Scenarios (current holdings, simple returns).
    """
    absent = {held.factor for held in holdings if not _has_history(factors, held)}
    if absent:
        return Missing("no_history", f"no daily history (with FX to base) for {', '.join(sorted(absent))}")
    columns = np.array([factors.columns[held.factor] for held in holdings], dtype=np.intp)
    start = int(factors.first[columns].max(initial=0))
    dates = factors.dates[start:]
    if len(dates) < 2:
        return Missing("no_history", f"{len(dates)} dates of daily history; a return needs two")
    youngest = int(np.argmax(factors.first[columns])) if start > 0 else None
    position_pnl = revalue(holdings, past_moves(factors, columns, start))
    values = pro_forma_values(holdings, factors.levels[start:, columns], factors.rates[start:, columns])
    return BookScenarios(
        dates=dates[1:],
        pnl=position_pnl.sum(axis=1),
        symbols=tuple(held.symbol for held in holdings),
        position_pnl=position_pnl,
        value_dates=dates,
        values=values.sum(axis=1),
        price_carried_share=_share(factors.price_carried[start:, columns]),
        fx_carried_share=_share(factors.fx_carried[start:, columns]),
        limited_by=None if youngest is None else holdings[youngest].factor,
        proxies=_proxies(factors, holdings),
    )


def _proxies(factors: FactorMatrix, holdings: Sequence[Holding]) -> tuple[Proxy, ...]:
    used = sorted({held.factor for held in holdings} & factors.proxies.keys())
    return tuple(factors.proxies[symbol] for symbol in used)


def past_moves(
    factors: FactorMatrix, columns: np.ndarray[tuple[int], np.dtype[np.intp]], start: int = 0
) -> Moves:
    """The moves of each date after row `start`, for these columns: (T - 1 - start, columns)."""
    rates = factors.rates[start:, columns]
    return Moves(factors.returns[start:, columns], rates[1:] / rates[:-1] - 1.0)


def _has_history(factors: FactorMatrix, held: Holding) -> bool:
    column = factors.columns.get(held.factor)
    if column is None or factors.currencies[column] != held.currency:
        return False
    return bool(factors.first[column] < len(factors.dates))


def _share(marks: Bools) -> float:
    return float(marks.mean()) if marks.size else 0.0
