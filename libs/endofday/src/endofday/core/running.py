"""The business date that is not over: the same calculation with prices and rates of now as closes."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from endofday.core.day import Books, Closes, Day
from endofday.core.facts import Quote, Rates
from endofday.core.sessions import NEW_YORK, fx_close, is_business_date


@dataclass(frozen=True, slots=True)
class LiveMarket:
    """Prices by symbol and the value of one unit of each currency in the base currency, as of one moment."""

    as_of: dt.datetime
    base_currency: str
    prices: Mapping[str, Quote]
    rates: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class _LiveRates(Rates):
    """Rates into one base currency."""

    into: Mapping[str, Decimal]
    base: str

    def rate(self, source: str, target: str) -> Quote | None:
        value = self.into.get(source) if target == self.base else None
        return None if value is None else Quote(value, target, "live")


def running_date(as_of: dt.datetime) -> dt.date:
    """The business date a market time belongs to: from 17:00 New York on, and at weekends, the next one."""
    date = as_of.astimezone(NEW_YORK).date()
    if as_of >= fx_close(date):
        date += dt.timedelta(days=1)
    while not is_business_date(date):
        date += dt.timedelta(days=1)
    return date


def with_live(closes: Closes, books: Books, day: Day, live: LiveMarket) -> Closes:
    """Closes whose closing side is the market of now.

    Where the exchange has no session on the date both closes stay the same one. A position that was closed
    during the day has no live price any more; the price of its last fill takes its place, which moves only
    between price and trading part, not the total.
    """
    prices = dict(closes.prices)
    for symbol in books.symbols():
        opening, closing = day.sessions(symbol)
        if closing.date == opening.date:
            continue
        # A stored close of the date is from later than now.
        prices.pop((symbol, closing.date), None)
        quote = live.prices.get(symbol) or _last_fill(books, symbol)
        if quote is not None:
            prices[symbol, closing.date] = quote
    rates = _LiveRates(live.prices, live.rates, live.base_currency)
    return replace(closes, prices=prices, rates={**closes.rates, day.fx_closes[1]: rates})


def _last_fill(books: Books, symbol: str) -> Quote | None:
    trades = [one for (_, name), rows in books.trades.items() if name == symbol for one in rows]
    if not trades:
        return None
    last = max(trades, key=lambda one: (one.executed_at, one.seq, one.fill_id))
    return Quote(last.price, last.currency, f"fill:{last.fill_id}")
