"""Rows of frozen profit and loss for one business date."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from endofday.core.books import DayBook, day_book, dividend, merge, split_ratio
from endofday.core.facts import Action, Instrument, Portfolio, Quote, Rates, Trade, Version, members
from endofday.core.sessions import Session, fx_closes, last_session
from quant import Missing, daily_pnl, previous_business_date
from quant.daily_pnl import DayPnl
from quant.money import ZERO
from quant.result import Result

ONE = Decimal(1)
CASH = "cash"
FX = "fx"
Row = dict[str, Any]
Position = tuple[str, str]
"""Portfolio and symbol."""
NOTHING = Rates({})


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that says what was held."""

    portfolios: Mapping[str, Portfolio]
    instruments: Mapping[str, Instrument]
    versions: Mapping[Position, list[Version]]
    trades: Mapping[Position, list[Trade]]
    actions: Mapping[str, list[Action]]

    def symbols(self) -> set[str]:
        """Every symbol ever held."""
        return {symbol for _, symbol in (*self.versions, *self.trades)}

    def symbols_by_owner(self) -> dict[str, set[str]]:
        """What each portfolio itself ever held."""
        found: dict[str, set[str]] = {}
        for owner, symbol in (*self.versions, *self.trades):
            found.setdefault(owner, set()).add(symbol)
        return found

    def currency(self, symbol: str) -> str:
        """Currency of the prices of a symbol."""
        instrument = self.instruments.get(symbol)
        if instrument is not None:
            return instrument.currency
        rows = (row for (_, name), rows in _known(self) if name == symbol for row in rows)
        return next(rows).currency


@dataclass(frozen=True, slots=True)
class Closes:
    """Official closes by symbol and session date, and rates by moment."""

    prices: Mapping[tuple[str, dt.date], Quote]
    rates: Mapping[dt.datetime, Rates] = field(default_factory=dict[dt.datetime, Rates])

    def at(self, moment: dt.datetime) -> Rates:
        return self.rates.get(moment, NOTHING)


@dataclass(frozen=True, slots=True)
class Day:
    """A business date and the two closes of each symbol around it."""

    date: dt.date
    instruments: Mapping[str, Instrument]

    # Every position of every book asks for the sessions of few symbols.
    _sessions: dict[str, tuple[Session, Session]] = field(
        default_factory=dict[str, tuple[Session, Session]], init=False, repr=False, compare=False
    )

    def sessions(self, symbol: str) -> tuple[Session, Session]:
        """The last session up to the previous business date, and up to this one."""
        if symbol not in self._sessions:
            instrument = self.instruments.get(symbol)
            # Rates and cash have no exchange: their day ends with the FX day.
            listed = instrument is not None and instrument.asset_class not in (CASH, FX)
            exchange = instrument.exchange if instrument is not None and listed else None
            before = previous_business_date(self.date)
            self._sessions[symbol] = last_session(exchange, before), last_session(exchange, self.date)
        return self._sessions[symbol]

    @property
    def fx_closes(self) -> tuple[dt.datetime, dt.datetime]:
        """When the rates of the two closes were in force."""
        return fx_closes(self.date)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One position since the previous close: everything but the price and rate it is compared with."""

    symbol: str
    currency: str
    book: DayBook
    price: Quote | None
    rate: Quote | None
    multiplier: Decimal
    split_ratio: Decimal
    dividend: Decimal

    @property
    def quantity(self) -> Decimal:
        """Units after the fills."""
        return sum((fill.quantity for fill in self.book.fills), self.book.quantity * self.split_ratio)

    def profit(self, price: Decimal | None, rate: Decimal | None) -> Result[DayPnl]:
        """The profit when the position is worth this price now, at this rate."""
        return daily_pnl(
            quantity=self.book.quantity,
            opening_price=_value(self.price),
            closing_price=price,
            opening_fx_rate=_value(self.rate),
            closing_fx_rate=rate,
            fills=self.book.fills,
            multiplier=self.multiplier,
            split_ratio=self.split_ratio,
            dividend=self.dividend,
        )


def wanted_sessions(books: Books, day: Day) -> list[tuple[str, Session]]:
    """The sessions whose closes are needed."""
    return sorted({(symbol, one) for symbol in books.symbols() for one in day.sessions(symbol)})


def wanted_moments(books: Books, day: Day) -> list[dt.datetime]:
    """The moments whose rates are needed: both closes, and where there are fills all of them and the
    positions they changed.
    """
    traded = {trade.executed_at for trades in books.trades.values() for trade in trades}
    changed = {one.as_of for key in books.trades for one in books.versions.get(key, ())}
    return sorted({*day.fx_closes, *traded, *changed})


def rows_of_day(books: Books, closes: Closes, day: Day) -> Iterator[Row]:
    """The rows of every portfolio."""
    held = books.symbols_by_owner()
    for portfolio in books.portfolios.values():
        yield from rows_of_portfolio(books, closes, day, portfolio, held)


def rows_of_portfolio(
    books: Books, closes: Closes, day: Day, portfolio: Portfolio, held: Mapping[str, set[str]]
) -> Iterator[Row]:
    """One row per symbol that was held at the previous close or traded since.

    A portfolio with others below it holds theirs too, merged by symbol.
    """
    for line in open_lines(books, closes, day, portfolio, held):
        price = closing_price(books, closes, day, line.symbol)
        rate = closes.at(day.fx_closes[1]).rate(line.currency, portfolio.base_currency)
        yield row_of(books, day, portfolio, line, price, rate)


def open_lines(
    books: Books, closes: Closes, day: Day, portfolio: Portfolio, held: Mapping[str, set[str]]
) -> Iterator[OpenLine]:
    """What was held at the previous close or traded since, by symbol."""
    ids = members(books.portfolios, portfolio.portfolio_id)
    for symbol in sorted({symbol for owner in ids for symbol in held.get(owner, ())}):
        owners = [owner for owner in ids if symbol in held.get(owner, ())]
        book = merge([_book(books, closes, day, portfolio, owner, symbol) for owner in owners])
        if book.quantity or book.fills:
            yield _open_line(books, closes, day, portfolio, symbol, book)


def emptied(row: Mapping[str, Any]) -> Row:
    """What replaces a stored row of a position that, by a correction, was not held: zeros."""
    amounts = ("opening_value", "closing_value", "flow", "price", "fx", "trading", "income", "fees", "total")
    return {
        "portfolio_id": row["portfolio_id"],
        "symbol": row["symbol"],
        "date": row["date"],
        "currency": row["currency"],
        "opening_quantity": ZERO,
        "closing_quantity": ZERO,
        **dict.fromkeys(("opening_price", "closing_price", "opening_fx_rate", "closing_fx_rate", "reason")),
        **dict.fromkeys((*amounts, "realized"), ZERO),
        "evidence": {"message": "not held on this date"},
    }


def _book(books: Books, closes: Closes, day: Day, portfolio: Portfolio, owner: str, symbol: str) -> DayBook:
    currency, base = books.currency(symbol), portfolio.base_currency

    def rate_at(moment: dt.datetime) -> Decimal | None:
        found = closes.at(moment).rate(currency, base)
        return None if found is None else found.value

    return day_book(
        books.versions.get((owner, symbol), ()),
        books.trades.get((owner, symbol), ()),
        books.actions.get(symbol, ()),
        *day.sessions(symbol),
        _multiplier(books, symbol),
        rate_at,
    )


def _open_line(
    books: Books, closes: Closes, day: Day, portfolio: Portfolio, symbol: str, book: DayBook
) -> OpenLine:
    sessions, actions = day.sessions(symbol), books.actions.get(symbol, ())
    currency = books.currency(symbol)
    return OpenLine(
        symbol,
        currency,
        book,
        _price(books, closes, day, symbol, 0),
        closes.at(day.fx_closes[0]).rate(currency, portfolio.base_currency),
        _multiplier(books, symbol),
        split_ratio(actions, *sessions),
        dividend(actions, *sessions),
    )


def row_of(
    books: Books, day: Day, portfolio: Portfolio, line: OpenLine, price: Quote | None, rate: Quote | None
) -> Row:
    """A line against the price and rate of the close, or of now."""
    symbol, currency, book = line.symbol, line.currency, line.book
    sessions, actions = day.sessions(symbol), books.actions.get(symbol, ())
    prices, rates = [line.price, price], [line.rate, rate]
    found = line.profit(_value(price), _value(rate))
    told = found if isinstance(found, Missing) else None
    return {
        "portfolio_id": portfolio.portfolio_id,
        "symbol": symbol,
        "date": day.date,
        "currency": portfolio.base_currency,
        "opening_quantity": book.quantity,
        "opening_price": _value(prices[0]),
        "opening_fx_rate": _value(rates[0]),
        "closing_quantity": line.quantity,
        "closing_price": _value(prices[1]),
        "closing_fx_rate": _value(rates[1]),
        **_amounts(found),
        "realized": None if told else book.realized,
        "reason": None if told is None else told.reason,
        "evidence": _evidence(actions, sessions, currency, prices, rates, book, told),
    }


def _amounts(found: DayPnl | Missing) -> Row:
    names = ("opening_value", "closing_value", "flow", "price", "fx", "trading", "income", "fees", "total")
    return {name: None if isinstance(found, Missing) else getattr(found, name) for name in names}


def _evidence(
    actions: Iterable[Action],
    sessions: tuple[Session, Session],
    currency: str,
    prices: list[Quote | None],
    rates: list[Quote | None],
    book: DayBook,
    told: Missing | None,
) -> Row:
    opening, closing = sessions
    counted = [one for one in actions if opening.date < one.ex_date <= closing.date]
    return {
        "sessions": [str(opening.date), str(closing.date)],
        "calendar": closing.calendar,
        "price_currency": currency,
        "prices": [None if one is None else one.name for one in prices],
        "rates": [None if one is None else one.name for one in rates],
        "positions": list(book.positions),
        "fills": list(book.fill_ids),
        "actions": [f"{one.kind}:{one.symbol}:{one.ex_date}:{one.revision}" for one in counted],
        **({} if told is None else {"message": told.message}),
    }


def closing_price(books: Books, closes: Closes, day: Day, symbol: str) -> Quote | None:
    """What a position is worth at the close, per unit; in the currency of its instrument only."""
    return _price(books, closes, day, symbol, 1)


def _price(books: Books, closes: Closes, day: Day, symbol: str, number: int) -> Quote | None:
    """The official close: of a pair its rate, of cash 1, else what the session closed at."""
    instrument = books.instruments.get(symbol)
    if instrument is not None and instrument.asset_class == CASH:
        return Quote(ONE, instrument.currency, "cash")
    if instrument is not None and instrument.asset_class == FX:
        return closes.at(day.fx_closes[number]).quotes.get(symbol)
    found = closes.prices.get((symbol, day.sessions(symbol)[number].date))
    return found if found is not None and found.currency == books.currency(symbol) else None


def _multiplier(books: Books, symbol: str) -> Decimal:
    instrument = books.instruments.get(symbol)
    return ONE if instrument is None else instrument.multiplier


def _value(quote: Quote | None) -> Decimal | None:
    return None if quote is None else quote.value


def _known(books: Books) -> Iterator[tuple[Position, list[Version] | list[Trade]]]:
    yield from books.versions.items()
    yield from books.trades.items()
