"""Which instruments moved most: annual volatility of their last 20 daily returns."""

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np

from quant import DatedSeries, Missing, Result, latest_volatility
from reports.core.reasons import unavailable
from reports.core.risk.shapes import SymbolVolatility

WINDOW = 20


def ranked(
    symbols: Iterable[str], prices: Mapping[str, DatedSeries], names: Mapping[str, str], date: dt.date
) -> tuple[SymbolVolatility, ...]:
    """The most volatile first, those that cannot be told last.

    Inputs: closes per symbol in its own currency, adjusted by splits and dividends; those after the date do
    not count.
    """
    found = [_volatility(symbol, prices.get(symbol), names, date) for symbol in sorted(set(symbols))]
    return tuple(
        sorted(found, key=lambda one: (one.volatility is None, -(one.volatility or 0.0), one.symbol))
    )


def _volatility(
    symbol: str, series: DatedSeries | None, names: Mapping[str, str], date: dt.date
) -> SymbolVolatility:
    rows = 0 if series is None else int(np.searchsorted(series.dates, np.datetime64(date), side="right"))
    value: Result[float]
    if series is None or rows == 0:
        value, last = Missing("no_history", f"no daily close of {symbol} up to {date}"), None
    else:
        value, last = latest_volatility(series.values[:rows], WINDOW), series.dates[rows - 1].item()
    return SymbolVolatility(
        symbol=symbol,
        name=names.get(symbol, ""),
        volatility=None if isinstance(value, Missing) else value,
        last_close=last,
        unavailable=unavailable(value),
    )
