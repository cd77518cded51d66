"""Profit and loss since the previous close, of live values."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from contracts import DailyPnl, Portfolio, Trade
from endofday.core import day as eod
from endofday.core import facts
from endofday.core.fx_day import fx_close
from endofday.core.profits import line_profit, sum_profits
from endofday.core.running import RunningLine, running_lines
from quant import previous_business_date
from quant.money import ZERO
from valuation.core.books import Books
from valuation.core.ledgers import PositionVersion
from valuation.core.marks import Mark
from valuation.core.moments import to_us
from valuation.core.rates import Rate, RateTable


@dataclass(frozen=True, slots=True)
class Opening:
    """What a business date is compared with: previous closes and rates, and corporate actions."""

    date: dt.date
    closes: eod.Closes
    actions: Mapping[str, list[facts.Action]]


class DayProfits(NamedTuple):
    """Of a portfolio and of each of its positions that was held or traded before now."""

    total: DailyPnl
    lines: Mapping[str, DailyPnl]


class _Kept(NamedTuple):
    price: Decimal | None
    rate: Decimal | None
    line: DailyPnl


@dataclass(slots=True)
class _Running:
    """The opening lines of one portfolio, good until the next fill or version begins to count."""

    until_us: int | None
    lines: dict[str, RunningLine]
    kept: dict[str, _Kept]


@dataclass(frozen=True, slots=True)
class _Then(facts.Rates):
    """Rates of a moment of the day, as the ledgers of valuation use them."""

    books: Books
    ts_us: int

    def rate(self, source: str, target: str) -> facts.Quote | None:
        value = self.books.rate_on(source, target, self.ts_us)
        return None if value is None else facts.Quote(value, target, "then")


class Daily:
    """Profits of the running day. A line is calculated again only when its price or rate changed."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._opening: Opening | None = None
        self._span = (0, 0)
        self._since = ""
        self._running: dict[str, _Running] = {}
        self.is_outdated = True
        """Whether something changed that may need further closes."""

    def take(self, opening: Opening) -> bool:
        """What is stored now; tells whether it is news."""
        if opening == self._opening:
            return False
        before = previous_business_date(opening.date)
        self._opening, self._since = opening, before.isoformat()
        self._span = to_us(fx_close(before)), to_us(fx_close(opening.date))
        self._running.clear()
        return True

    def forget(self) -> None:
        """Positions, fills, splits or instruments changed."""
        self._running.clear()
        self.is_outdated = True

    def covers(self, ts_us: int) -> bool:
        """Whether the closes are those before this moment."""
        return self._span[0] <= ts_us < self._span[1]

    def of(
        self, portfolio: Portfolio, as_of_us: int, marks: Sequence[Mark], rates: RateTable
    ) -> DayProfits | None:
        """The profits at these marks, one per symbol; None while the previous closes are not read yet."""
        if self._opening is None or not self.covers(as_of_us):
            return None
        running = self._running.get(portfolio.portfolio_id)
        if running is None or (running.until_us is not None and as_of_us >= running.until_us):
            running = self._open(self._opening, portfolio, as_of_us)
            self._running[portfolio.portfolio_id] = running
        marked = {mark.line.symbol: mark for mark in marks}
        base = portfolio.base_currency
        found = {
            symbol: self._line(running, opened, marked.get(symbol), rates.rate(opened.line.currency, base))
            for symbol, opened in running.lines.items()
        }
        for mark in marks:
            # Valued as if it were held already: what it makes today cannot be told.
            if mark.line.dated_later and mark.line.symbol not in found:
                found[mark.line.symbol] = DailyPnl(since=self._since, unknown=1)
        return DayProfits(sum_profits(self._since, found.values()), found)

    def _line(
        self, running: _Running, opened: RunningLine, mark: Mark | None, traded: Rate | None
    ) -> DailyPnl:
        symbol = opened.line.symbol
        usable = mark is not None and mark.missing is None and mark.price is not None
        price = mark.price.value if usable else None  # type: ignore[union-attr]  # told by usable
        rate = None if traded is None else traded.value
        kept = running.kept.get(symbol)
        if kept is not None and kept.price == price and kept.rate == rate:
            return kept.line
        line = line_profit(self._since, opened.profit(price, rate), opened.line.book.realized)
        running.kept[symbol] = _Kept(price, rate, line)
        return line

    def _open(self, opening: Opening, portfolio: Portfolio, as_of_us: int) -> _Running:
        books, until_us = self._records(opening, portfolio, as_of_us)
        day = eod.Day(opening.date, books.instruments)
        moments = set(eod.wanted_moments(books, day)) - set(opening.closes.rates)
        then = {moment: _Then({}, self._books, to_us(moment)) for moment in moments}
        closes = eod.Closes(opening.closes.prices, {**then, **opening.closes.rates})
        found = running_lines(books, closes, day, books.portfolios[portfolio.portfolio_id])
        return _Running(until_us, {one.line.symbol: one for one in found}, {})

    def _records(self, opening: Opening, portfolio: Portfolio, as_of_us: int) -> tuple[eod.Books, int | None]:
        """Positions and fills of the portfolio and those below it up to now, and when the next ones begin."""
        family = (portfolio.portfolio_id, *self._books.hierarchy.below(portfolio.portfolio_id))
        versions: dict[eod.Position, list[facts.Version]] = {}
        trades: dict[eod.Position, list[facts.Trade]] = {}
        later: list[int] = []
        for owner in family:
            for symbol, held, filled in self._books.records(owner):
                later += [one.as_of_us for one in held if one.as_of_us > as_of_us]
                later += [ts_us for one in filled if (ts_us := to_us(one.executed_at)) > as_of_us]
                known = [_version(one) for one in held if one.as_of_us <= as_of_us]
                done = [_trade(one) for one in filled if to_us(one.executed_at) <= as_of_us]
                versions |= {(owner, symbol): known} if known else {}
                trades |= {(owner, symbol): done} if done else {}
        symbols = {symbol for _, symbol in (*versions, *trades)}
        books = eod.Books(
            {one: _portfolio(self._books.portfolios[one]) for one in family},
            instruments_of(self._books, symbols),
            versions,
            trades,
            opening.actions,
        )
        return books, min(later, default=None)


def instruments_of(books: Books, symbols: Iterable[str]) -> dict[str, facts.Instrument]:
    """What decides how these are priced, of those with an instrument."""
    known = (books.instruments[symbol] for symbol in symbols if symbol in books.instruments)
    return {
        one.symbol: facts.Instrument(one.symbol, one.asset_class, one.currency, one.exchange, one.multiplier)
        for one in known
    }


def _portfolio(record: Portfolio) -> facts.Portfolio:
    return facts.Portfolio(record.portfolio_id, record.base_currency, record.parent_id)


def _version(one: PositionVersion) -> facts.Version:
    held = one.position
    return facts.Version(
        held.portfolio_id,
        held.symbol,
        held.as_of,
        held.quantity,
        held.average_cost,
        held.currency,
        held.cost_fx_rate,
        one.revision,
    )


def _trade(one: Trade) -> facts.Trade:
    return facts.Trade(
        one.trade_id,
        one.portfolio_id,
        one.symbol,
        one.executed_at,
        one.seq,
        one.quantity,
        one.price,
        one.currency,
        one.fee or ZERO,
    )
