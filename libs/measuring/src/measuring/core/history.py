"""Daily history as the service holds it, and the factor matrices made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from quant import (
    SCENARIO_COUNT,
    CorporateAction,
    DatedSeries,
    FactorMatrix,
    Missing,
    adjusted_closes,
    factor_matrix,
    scenario_grid,
    weekdays,
)
from quant.arrays import Dates

# A replay crosses midnight at most now and then; live books need one date, each with a few base currencies.
CACHED_DATES = 4
# Anyone may ask for any look-back: each makes a matrix of its own.
CACHED_MATRICES = 16


@dataclass(frozen=True, slots=True)
class DailyHistory:
    """All daily history known at one moment.

    `version` identifies it; `prices` are unadjusted closes per symbol; `quotes` are FX rates per six-letter
    pair; `fx_symbols` are the instruments that are currency pairs; `benchmark` is what books are
    compared with; `sectors` are those of all other instruments, "" where unknown: they may have a proxy.
    """

    version: str
    prices: Mapping[str, DatedSeries] = field(default_factory=dict[str, DatedSeries])
    quotes: Mapping[str, DatedSeries] = field(default_factory=dict[str, DatedSeries])
    actions: Mapping[str, tuple[CorporateAction, ...]] = field(
        default_factory=dict[str, tuple[CorporateAction, ...]]
    )
    fx_symbols: frozenset[str] = frozenset()
    benchmark: str = "SPY"
    sectors: Mapping[str, str] = field(default_factory=dict[str, str])

    def grid(self, market_date: date, *, only_fx: bool, rows: int = SCENARIO_COUNT + 1) -> Dates:
        """The last `rows` dates before the market date with a close of any non-FX instrument.

        N + 1 dates make N scenarios.

        A book of nothing but currency pairs uses the weekdays on which any rate was fixed.
        """
        pairs = self.fx_symbols | self.quotes.keys()
        if only_fx:
            calendars = [weekdays(series.dates) for series in self.quotes.values()]
        else:
            calendars = [series.dates for symbol, series in self.prices.items() if symbol not in pairs]
        return scenario_grid(calendars, np.datetime64(market_date), rows)

    def factor_prices(self, market_date: date) -> dict[str, DatedSeries]:
        """Price series of every instrument, adjusted by the splits and dividends known on the market date.

        The price of a currency pair is its own rate; a pair without fixings uses its daily prices.
        """
        known_at = np.datetime64(market_date)
        found = {symbol: self._adjusted(symbol, known_at) for symbol in self.prices}
        for pair, series in self.quotes.items():
            found[pair] = DatedSeries(series.dates, series.values, pair[3:])
        return found

    def _adjusted(self, symbol: str, known_at: np.datetime64) -> DatedSeries:
        raw = self.prices[symbol]
        closes = adjusted_closes(raw.dates, raw.values, self.actions.get(symbol, ()), known_at)
        if isinstance(closes, Missing):
            raise ValueError(
                f"daily history of {symbol} is corrupt, the database should have refused it: {closes.message}"
            )
        return DatedSeries(raw.dates, closes, raw.currency)


class FactorCache:
    """Factor matrices of one history per market date, kind of book, base currency and length."""

    def __init__(self, history: DailyHistory, pivot: str) -> None:
        self.history = history
        self._pivot = pivot
        self._by_date: dict[date, dict[tuple[bool, str, int], FactorMatrix | None]] = {}
        self._prices: dict[date, dict[str, DatedSeries]] = {}

    def factors(
        self, market_date: date, base: str, *, only_fx: bool, rows: int = SCENARIO_COUNT + 1
    ) -> FactorMatrix | None:
        """The matrix to measure a book with; None when no date of history lies before the market date."""
        if market_date not in self._by_date:
            self._make_room()
            self._by_date[market_date] = {}
            self._prices[market_date] = self.history.factor_prices(market_date)
        matrices = self._by_date[market_date]
        key = (only_fx, base, rows)
        if key not in matrices:
            if len(matrices) >= CACHED_MATRICES:
                del matrices[next(iter(matrices))]
            matrices[key] = self._matrix(market_date, base, only_fx=only_fx, rows=rows)
        return matrices[key]

    def _matrix(self, market_date: date, base: str, *, only_fx: bool, rows: int) -> FactorMatrix | None:
        grid = self.history.grid(market_date, only_fx=only_fx, rows=rows)
        if not len(grid):
            return None
        history = self.history
        found = factor_matrix(
            self._prices[market_date], history.quotes, base, grid, self._pivot, groups=history.sectors
        )
        return replace(found, benchmark=self.history.benchmark)

    def _make_room(self) -> None:
        while len(self._by_date) >= CACHED_DATES:
            oldest = next(iter(self._by_date))  # the one that was asked for first
            del self._by_date[oldest], self._prices[oldest]


def market_date(as_of: datetime) -> date:
    """The UTC date a market time belongs to; midnight ends a day: the window that ends then is its last."""
    return (as_of.astimezone(UTC) - timedelta(microseconds=1)).date()
