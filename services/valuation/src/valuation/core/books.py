"""Portfolios, instruments and dated positions, and which portfolios a price or a rate touches."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from contracts import Instrument, Portfolio, Position
from valuation.core.moments import to_us
from valuation.core.rates import is_pair

ZERO = Decimal(0)


class PositionVersion(NamedTuple):
    """What is held of one symbol from `as_of_us` on; quantity 0 means closed.

    `revision` counts corrections.
    """

    position: Position
    as_of_us: int
    revision: int


class Line(NamedTuple):
    """One position in force at a moment.

    `dated_later` tells that its earliest version begins after the moment.
    """

    symbol: str
    version: PositionVersion
    dated_later: bool


class PositionHistory:
    """All versions of one position by date, each date with its newest revision."""

    def __init__(self) -> None:
        self._moments: list[int] = []
        self._versions: list[PositionVersion] = []

    def put(self, position: Position, revision: int | None = None) -> PositionVersion | None:
        """Take a version in; None when it says what is known already for its date."""
        as_of_us = to_us(position.as_of)
        index = bisect_right(self._moments, as_of_us)
        known = self._versions[index - 1] if index and self._moments[index - 1] == as_of_us else None
        if known is None:
            version = PositionVersion(position, as_of_us, revision or 1)
            self._moments.insert(index, as_of_us)
            self._versions.insert(index, version)
            return version
        if _content(known.position) == _content(position):
            return None
        version = self._versions[index - 1] = PositionVersion(
            position, as_of_us, revision or known.revision + 1
        )
        return version

    def at(self, ts_us: int) -> tuple[PositionVersion, bool]:
        """The version in force, and whether it is the earliest one although it is dated later."""
        index = bisect_right(self._moments, ts_us)
        return (self._versions[index - 1], False) if index else (self._versions[0], True)

    def newest(self) -> PositionVersion:
        return self._versions[-1]

    def reach(self, as_of_us: int) -> tuple[int | None, int | None]:
        """The half-open span in which the version of this date is the one used; None is without end."""
        index = bisect_right(self._moments, as_of_us) - 1
        end = self._moments[index + 1] if index + 1 < len(self._moments) else None
        return (None if index == 0 else as_of_us), end


class Books:
    """Every portfolio with its positions, and the way back from symbols and currencies to portfolios."""

    def __init__(self, pivot: str) -> None:
        self._pivot = pivot
        self.portfolios: dict[str, Portfolio] = {}
        self.instruments: dict[str, Instrument] = {}
        self.pairs: set[str] = set()
        """Symbols whose prices are exchange rates."""
        self._revisions: dict[tuple[str, str], int] = {}
        self._positions: dict[str, dict[str, PositionHistory]] = {}
        self._holders: dict[str, set[str]] = {}
        self._currencies: dict[str, set[str]] = {}
        self._exposed: dict[str, set[str]] = {}

    def put_portfolio(self, record: Portfolio, revision: int | None = None) -> int | None:
        """Take a portfolio in; returns its revision, None when nothing changed."""
        known = self.portfolios.get(record.portfolio_id)
        if known is not None and _content(known) == _content(record):
            return None
        self.portfolios[record.portfolio_id] = record
        self._note_currency(record.portfolio_id, record.base_currency)
        return self._number("portfolio", record.portfolio_id, revision)

    def put_instrument(self, record: Instrument, revision: int | None = None) -> int | None:
        """Take an instrument in; returns its revision, None when nothing changed."""
        known = self.instruments.get(record.symbol)
        if known is not None and _content(known) == _content(record):
            return None
        self.instruments[record.symbol] = record
        if record.asset_class == "fx" and is_pair(record.symbol):
            self.pairs.add(record.symbol)
        else:
            self.pairs.discard(record.symbol)
        for portfolio_id in self.holders(record.symbol):
            self._note_currency(portfolio_id, record.currency)
        return self._number("instrument", record.symbol, revision)

    def put_position(self, record: Position, revision: int | None = None) -> PositionVersion | None:
        """Take a version of a position in; None when nothing changed.

        The portfolio may become known later.
        """
        histories = self._positions.setdefault(record.portfolio_id, {})
        version = histories.setdefault(record.symbol, PositionHistory()).put(record, revision)
        if version is not None:
            self._holders.setdefault(record.symbol, set()).add(record.portfolio_id)
            self._note_currency(record.portfolio_id, record.currency)
            if (instrument := self.instruments.get(record.symbol)) is not None:
                self._note_currency(record.portfolio_id, instrument.currency)
        return version

    def history(self, portfolio_id: str, symbol: str) -> PositionHistory | None:
        return self._positions.get(portfolio_id, {}).get(symbol)

    def lines(self, portfolio_id: str, ts_us: int) -> Iterator[Line]:
        """What the portfolio holds at a moment, by symbol; closed positions are left out."""
        histories = self._positions.get(portfolio_id, {})
        for symbol in sorted(histories):
            version, dated_later = histories[symbol].at(ts_us)
            if version.position.quantity != ZERO:
                yield Line(symbol, version, dated_later)

    def inputs(self, portfolio_id: str) -> set[str]:
        """Every symbol whose price can change the portfolio's value: held, once held, or a pair of its
        currencies.
        """
        currencies = self._currencies.get(portfolio_id, set())
        pairs = set[str]()
        if len(currencies) > 1:
            pairs = {pair for pair in self.pairs if currencies & ({pair[:3], pair[3:]} - {self._pivot})}
        return pairs.union(self._positions.get(portfolio_id, ()))

    def holders(self, symbol: str) -> Iterable[str]:
        """Portfolios that hold or held the symbol."""
        return self._holders.get(symbol, ())

    def exposed_to(self, pair: str) -> Iterable[str]:
        """Portfolios with more than one currency, one of them a side of the pair (the pivot alone does not
        count).
        """
        touched: set[str] = set()
        for currency in (pair[:3], pair[3:]):
            if currency != self._pivot:
                touched |= self._exposed.get(currency, set())
        return touched

    def priced_by(self, symbol: str) -> Iterable[str]:
        """Portfolios whose value a price of the symbol can change: by holding it, or through its exchange
        rate.
        """
        if symbol not in self.pairs:
            return self.holders(symbol)
        return {*self.holders(symbol), *self.exposed_to(symbol)}

    def _number(self, kind: str, name: str, revision: int | None) -> int:
        number = self._revisions[kind, name] = revision or self._revisions.get((kind, name), 0) + 1
        return number

    def _note_currency(self, portfolio_id: str, currency: str) -> None:
        """Keep the way back from currencies to portfolios.

        One once held stays: that only costs a needless look.
        """
        currencies = self._currencies.setdefault(portfolio_id, set())
        currencies.add(currency)
        if len(currencies) > 1:
            for one in currencies:
                self._exposed.setdefault(one, set()).add(portfolio_id)


def _content(record: Portfolio | Instrument | Position) -> tuple[object, ...]:
    """Everything a record says except when it was recorded."""
    return tuple(getattr(record, name) for name in record.__struct_fields__ if name != "recorded_at")
