"""What an instrument is worth now that a book does not hold: for trades that are only supposed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from contracts import PositionValue, Valuation
from contracts.analysis.what_if import MarkSource
from contracts.types import AssetClass
from measuring.core.history import DailyHistory, market_date
from quant import Missing, adjusted_closes
from quant.money import EXACT, plain, round_money, round_rate


@dataclass(frozen=True, slots=True)
class Mark:
    """A price in its currency with where it is from."""

    price: Decimal
    currency: str
    source: MarkSource
    as_of: datetime | None
    asset_class: AssetClass | None = None
    like: PositionValue | None = None
    """the position of another book that the price is from"""


def marks(
    symbols: Iterable[str], valuation: Valuation, others: Sequence[Valuation], history: DailyHistory
) -> dict[str, Mark]:
    """Marks of these symbols at the market time of a valuation; absent where there is none.

    In this order: the newest price in any other book that is not later than the valuation, for a currency
    pair the rates of the valuation, the newest daily close before its market date.
    """
    wanted = set(symbols)
    found = _held_elsewhere(wanted, valuation.as_of, others)
    for symbol in sorted(wanted - found.keys()):
        mark = _of_rates(symbol, valuation, history) or _of_history(symbol, valuation, history)
        if mark is not None:
            found[symbol] = mark
    return found


def _held_elsewhere(wanted: set[str], until: datetime, others: Sequence[Valuation]) -> dict[str, Mark]:
    newest: dict[str, tuple[datetime, Mark]] = {}
    for other in others:
        for one in other.positions:
            if one.symbol not in wanted or one.price is None:
                continue
            as_of = one.price_as_of or other.as_of
            known = newest.get(one.symbol)
            if as_of <= until and (known is None or as_of > known[0]):
                newest[one.symbol] = as_of, _of_position(one, as_of)
    return {symbol: mark for symbol, (_, mark) in newest.items()}


def _of_position(one: PositionValue, as_of: datetime) -> Mark:
    assert one.price is not None, "only priced positions are asked for"
    return Mark(one.price, one.currency, "other_book", as_of, one.asset_class, one)


def _of_rates(symbol: str, valuation: Valuation, history: DailyHistory) -> Mark | None:
    if symbol not in history.fx_symbols and symbol not in history.quotes:
        return None
    rates: Mapping[str, Decimal] = valuation.fx_rates
    base, quote = rates.get(symbol[:3]), rates.get(symbol[3:])
    if base is None or quote is None:
        return None
    return Mark(round_rate(EXACT.divide(base, quote)), symbol[3:], "rates", valuation.as_of, "fx")


def _of_history(symbol: str, valuation: Valuation, history: DailyHistory) -> Mark | None:
    """The newest close before the market date, in the units of that date: a split in between counts."""
    day = np.datetime64(market_date(valuation.as_of))
    series = history.prices.get(symbol) or history.quotes.get(symbol)
    rows = 0 if series is None else int(np.searchsorted(series.dates, day, side="left"))
    if series is None or not rows:
        return None
    splits = tuple(one for one in history.actions.get(symbol, ()) if one.kind == "split")
    closes = adjusted_closes(series.dates[:rows], series.values[:rows], splits, day)
    if isinstance(closes, Missing):
        return None
    fx = symbol in history.fx_symbols or symbol in history.quotes
    closed = datetime.combine(series.dates[rows - 1].item(), datetime.min.time(), UTC)
    price = plain(round_money(Decimal(repr(float(closes[-1])))))
    return Mark(price, symbol[3:] if fx else series.currency, "history", closed, "fx" if fx else None)
