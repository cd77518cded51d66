"""The business date that is not over: the same calculation with prices and rates of now as closes."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from endofday.core.day import Books, Closes, Day, OpenLine, Row, open_lines, row_of
from endofday.core.facts import Portfolio, Quote
from endofday.core.fx_day import NEW_YORK, fx_close, is_business_date
from quant.daily_pnl import DayPnl
from quant.result import Result


@dataclass(frozen=True, slots=True)
class LiveMarket:
    """Prices by symbol and the value of one unit of each currency in the base currency, as of one moment."""

    as_of: dt.datetime
    base_currency: str
    prices: Mapping[str, Quote]
    rates: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A line since the previous close.

    `rests` tells that its exchange has no session on the date: both closes stay the same one. `last_fill` is
    known where nothing is left of it: there is no live price any more, and the price of the last fill in its
    place moves only between price and trading part, not the total.
    """

    line: OpenLine
    rests: bool
    last_fill: Quote | None

    def mark(self, now: Quote | None) -> Quote | None:
        """What it is compared with when this is the price of now."""
        if self.rests:
            return self.line.price
        return self.last_fill if now is None else now

    def profit(self, price: Decimal | None, rate: Decimal | None) -> Result[DayPnl]:
        """Profit since the previous close at a price and rate of now."""
        if self.rests or price is None:
            mark = self.mark(None)
            price = None if mark is None else mark.value
        return self.line.profit(price, rate)


def running_date(as_of: dt.datetime) -> dt.date:
    """The business date a market time belongs to: from 17:00 New York on, and at weekends, the next one."""
    date = as_of.astimezone(NEW_YORK).date()
    if as_of >= fx_close(date):
        date += dt.timedelta(days=1)
    while not is_business_date(date):
        date += dt.timedelta(days=1)
    return date


def running_lines(books: Books, closes: Closes, day: Day, portfolio: Portfolio) -> list[RunningLine]:
    """What a portfolio held at the previous close or traded since, by symbol. Of the closes only those of the
    opening side are looked at.
    """
    found: list[RunningLine] = []
    for line in open_lines(books, closes, day, portfolio, books.symbols_by_owner()):
        opening, closing = day.sessions(line.symbol)
        last_fill = None if line.quantity else _last_fill(line)
        found.append(RunningLine(line, opening.date == closing.date, last_fill))
    return found


def rows_now(books: Books, closes: Closes, day: Day, portfolio: Portfolio, live: LiveMarket) -> Iterator[Row]:
    """The rows of the running day at the market of now."""
    for one in running_lines(books, closes, day, portfolio):
        currency, now = one.line.currency, live.prices.get(one.line.symbol)
        price = one.mark(now if now is not None and now.currency == currency else None)
        value = live.rates.get(currency)
        rate = None if value is None else Quote(value, live.base_currency, "live")
        yield row_of(books, day, portfolio, one.line, price, rate)


def _last_fill(line: OpenLine) -> Quote | None:
    """The newest of its fills, in the units of now."""
    if not line.book.fills:
        return None
    last = max(line.book.fills, key=lambda one: one.order)
    return Quote(last.price, line.currency, f"fill:{last.fill_id}")
