"""Portfolios, instruments, dated positions and fills, and which portfolios a price or a rate touches."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts import Instrument, Portfolio, Position, Trade
from quant import CostMethod, Ledger, Missing, sum_money
from valuation.core.hierarchy import Hierarchy
from valuation.core.ledgers import PositionVersion, Terms, Timeline, build_timeline
from valuation.core.moments import to_us
from valuation.core.options import Contract, contract_of
from valuation.core.rates import is_pair
from valuation.core.splits import EffectiveSplit, Splits

ZERO = Decimal(0)
ONE = Decimal(1)

Span = tuple[int | None, int | None]
"""Half-open span of market time; None is without end."""


class Line(NamedTuple):
    """One position in force at a moment.

    `dated_later` tells that its earliest version begins after the moment; `ledger` is None while the position
    is as it was loaded. A line merged of several portfolios names its `parts`.
    """

    symbol: str
    version: PositionVersion
    dated_later: bool
    ledger: Ledger | None = None
    parts: tuple["Line", ...] = ()


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

    @property
    def versions(self) -> list[PositionVersion]:
        """By date, each in its newest revision; empty for a position that was only traded."""
        return self._versions

    def reach(self, as_of_us: int) -> Span:
        """The half-open span in which the version of this date is the one used; None is without end."""
        index = bisect_right(self._moments, as_of_us) - 1
        end = self._moments[index + 1] if index + 1 < len(self._moments) else None
        return (None if index == 0 else as_of_us), end

    def reach_of_fill(self, executed_us: int) -> Span:
        """The span in which a fill counts: until the next version; before all versions without begin."""
        index = bisect_right(self._moments, executed_us)
        end = self._moments[index] if index < len(self._moments) else None
        return (None if index == 0 and self._moments else executed_us), end


class Books:
    """Every portfolio with its positions, and the way back from symbols and currencies to portfolios."""

    def __init__(self, pivot: str, method: CostMethod = "average") -> None:
        self._pivot = pivot
        self._method: CostMethod = method
        self.splits = Splits()
        self.rate_on: Callable[[str, str, int], Decimal | None] = _only_same
        """Rate of source in target at a moment, for fills; set by whoever knows rates."""
        self.hierarchy = Hierarchy()
        self.portfolios: dict[str, Portfolio] = {}
        self.instruments: dict[str, Instrument] = {}
        self.pairs: set[str] = set()
        """Symbols whose prices are exchange rates."""
        self._revisions: dict[tuple[str, str], int] = {}
        self._positions: dict[str, dict[str, PositionHistory]] = {}
        self._holders: dict[str, set[str]] = {}
        self._currencies: dict[str, set[str]] = {}
        self._exposed: dict[str, set[str]] = {}
        self._trades: dict[tuple[str, str], list[Trade]] = {}
        self._trade_ids: dict[str, Trade] = {}
        self._traded: dict[str, set[str]] = {}
        self._timelines: dict[tuple[str, str], dict[str, Timeline]] = {}
        self._options: dict[str, set[str]] = {}

    def put_portfolio(self, record: Portfolio, revision: int | None = None) -> int | None:
        """Take a portfolio in; returns its revision, None when nothing changed.

        Raises ValueError when it would become part of itself.
        """
        known = self.portfolios.get(record.portfolio_id)
        if known is not None and _content(known) == _content(record):
            return None
        self.hierarchy.put(record.portfolio_id, record.parent_id)
        self.portfolios[record.portfolio_id] = record
        for currency in {record.base_currency, *self._currencies.get(record.portfolio_id, ())}:
            self._note_currency(record.portfolio_id, currency)
        return self._number("portfolio", record.portfolio_id, revision)

    def put_instrument(self, record: Instrument, revision: int | None = None) -> int | None:
        """Take an instrument in; returns its revision, None when nothing changed."""
        known = self.instruments.get(record.symbol)
        if known is not None and _content(known) == _content(record):
            return None
        self._note_underlying(known, record)
        self.instruments[record.symbol] = record
        self.forget_timelines()
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
            self._note_holder(record.portfolio_id, record.symbol, record.currency)
        return version

    def put_trade(self, record: Trade) -> Span | None:
        """Take a fill in; returns the span of market time it changes, None for a repeat.

        Raises ValueError when the trade id is known with another content: the first one counts.
        """
        known = self._trade_ids.get(record.trade_id)
        if known is not None:
            if _content(known) != _content(record):
                raise ValueError(f"trade {record.trade_id} is known with another content; book a new trade")
            return None
        self._trade_ids[record.trade_id] = record
        self._trades.setdefault((record.portfolio_id, record.symbol), []).append(record)
        self._traded.setdefault(record.portfolio_id, set()).add(record.symbol)
        histories = self._positions.setdefault(record.portfolio_id, {})
        history = histories.setdefault(record.symbol, PositionHistory())
        self._note_holder(record.portfolio_id, record.symbol, record.currency)
        return history.reach_of_fill(to_us(record.executed_at))

    def forget_timelines(self) -> None:
        """Rates, instruments or splits changed: positions that depend on them are made again when asked
        for.
        """
        self._timelines.clear()

    def history(self, portfolio_id: str, symbol: str) -> PositionHistory | None:
        return self._positions.get(portfolio_id, {}).get(symbol)

    def records(self, portfolio_id: str) -> Iterator[tuple[str, list[PositionVersion], list[Trade]]]:
        """All that was ever loaded and traded of each symbol of a portfolio, without those below it."""
        for symbol, history in self._positions.get(portfolio_id, {}).items():
            yield symbol, history.versions, self._trades.get((portfolio_id, symbol), [])

    def symbols(self) -> list[str]:
        """Every symbol that some portfolio holds or held."""
        return list(self._holders)

    def lines(self, portfolio_id: str, ts_us: int, base_currency: str | None = None) -> Iterator[Line]:
        """What the portfolio holds at a moment, by symbol; closed positions are left out.

        Fills are converted into the base currency given, else into the portfolio's own.
        """
        for symbol in sorted(self._positions.get(portfolio_id, {})):
            line = self.line(portfolio_id, symbol, ts_us, base_currency)
            if line is not None and line.version.position.quantity != ZERO:
                yield line

    def family_lines(self, portfolio_id: str, ts_us: int) -> Iterator[Line]:
        """The same with the positions of all portfolios below it, fills in the base currency of the whole."""
        below = self.hierarchy.below(portfolio_id)
        base_currency = self.portfolios[portfolio_id].base_currency if below else None
        for one in (portfolio_id, *below):
            yield from self.lines(one, ts_us, base_currency)

    def family_realized(self, portfolio_id: str, ts_us: int) -> Decimal | None:
        """What fills of the portfolio and of those below it have realised; None when a rate is unknown."""
        below = self.hierarchy.below(portfolio_id)
        base_currency = self.portfolios[portfolio_id].base_currency if below else None
        amounts = [self.realized(one, ts_us, base_currency) for one in (portfolio_id, *below)]
        known = [amount for amount in amounts if amount is not None]
        return sum_money(known) if len(known) == len(amounts) else None

    def line(
        self, portfolio_id: str, symbol: str, ts_us: int, base_currency: str | None = None
    ) -> Line | None:
        """One position at a moment, also a closed one; None when it was not begun yet."""
        if (portfolio_id, symbol) not in self._trades and symbol not in self.splits:
            return Line(symbol, *self._positions[portfolio_id][symbol].at(ts_us))
        found = self._timeline(portfolio_id, symbol, base_currency).at(ts_us)
        if found is None:
            return None
        (version, ledger), dated_later = found
        return Line(symbol, version, dated_later, ledger)

    def realized(self, portfolio_id: str, ts_us: int, base_currency: str | None = None) -> Decimal | None:
        """What fills have realised up to a moment, closed positions too; None when a rate is unknown."""
        amounts: list[Decimal] = []
        for symbol in self._traded.get(portfolio_id, ()):
            line = self.line(portfolio_id, symbol, ts_us, base_currency)
            amount = realized_by(line) if line is not None else ZERO
            if amount is None:
                return None
            amounts.append(amount)
        return sum_money(amounts)

    def splits_of(self, symbol: str) -> list[EffectiveSplit]:
        """The splits of a symbol, at the moments of its market."""
        if symbol not in self.splits:
            return []
        instrument = self.instruments.get(symbol)
        return self.splits.of(symbol, None if instrument is None else instrument.exchange)

    def inputs(self, portfolio_id: str) -> set[str]:
        """Every symbol whose price can change the portfolio's value: held or once held by it or a portfolio
        below, underlying of what is held, or a pair of its currencies.
        """
        currencies = self._currencies.get(portfolio_id, set())
        pairs = set[str]()
        if len(currencies) > 1:
            pairs = {pair for pair in self.pairs if currencies & ({pair[:3], pair[3:]} - {self._pivot})}
        family = (portfolio_id, *self.hierarchy.below(portfolio_id))
        held = set[str]().union(*(self._positions.get(one, ()) for one in family))
        underlyings = {contract.underlying for symbol in held if (contract := self.contract(symbol))}
        return pairs | held | underlyings

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
        """Portfolios whose value a price of the symbol can change: by holding it, or an option on it,
        themselves or in a portfolio below, or through its exchange rate.
        """
        found = set(self.holders(symbol))
        for option in self._options.get(symbol, ()):
            found.update(self.holders(option))
        for holder in tuple(found):
            found.update(self.hierarchy.above(holder))
        return found | set(self.exposed_to(symbol)) if symbol in self.pairs else found

    def reach_of_split(self, portfolio_id: str, symbol: str, ex_date: date) -> Span:
        """The span in which a split counts in a portfolio.

        Without begin where the earliest position is in new units: before its date it stands for older ones.
        """
        (begin_us,) = (one.in_units_us for one in self.splits_of(symbol) if one.ex_date == ex_date)
        versions = self._positions[portfolio_id][symbol].versions
        return (None if versions and versions[0].as_of_us >= begin_us else begin_us), None

    def _timeline(self, portfolio_id: str, symbol: str, base_currency: str | None) -> Timeline:
        portfolio = self.portfolios.get(portfolio_id)
        base = base_currency or (self._pivot if portfolio is None else portfolio.base_currency)
        kept = self._timelines.setdefault((portfolio_id, symbol), {})
        if base not in kept:
            versions = self._positions[portfolio_id][symbol].versions
            trades = self._trades.get((portfolio_id, symbol), [])
            terms = self._terms(symbol, base, versions, trades)
            kept[base] = build_timeline(versions, trades, self.splits_of(symbol), terms)
        return kept[base]

    def _terms(self, symbol: str, base: str, versions: list[PositionVersion], trades: list[Trade]) -> Terms:
        instrument = self.instruments.get(symbol)
        if instrument is not None:
            currency, multiplier = instrument.currency, instrument.multiplier
        else:
            currency = versions[0].position.currency if versions else trades[0].currency
            multiplier = ONE

        def rate_on(ts_us: int) -> Decimal | None:
            return self.rate_on(currency, base, ts_us)

        return Terms(currency, multiplier, rate_on, self._method)

    def contract(self, symbol: str) -> Contract | None:
        """The terms of an option; None for anything else."""
        return contract_of(self.instruments.get(symbol))

    def _note_underlying(self, known: Instrument | None, record: Instrument) -> None:
        """Keep the way back from underlyings to options."""
        if (before := contract_of(known)) is not None:
            self._options[before.underlying].discard(record.symbol)
        if (now := contract_of(record)) is not None:
            self._options.setdefault(now.underlying, set()).add(record.symbol)

    def _note_holder(self, portfolio_id: str, symbol: str, currency: str) -> None:
        self._timelines.pop((portfolio_id, symbol), None)
        self._holders.setdefault(symbol, set()).add(portfolio_id)
        self._note_currency(portfolio_id, currency)
        if (instrument := self.instruments.get(symbol)) is not None:
            self._note_currency(portfolio_id, instrument.currency)

    def _number(self, kind: str, name: str, revision: int | None) -> int:
        number = self._revisions[kind, name] = revision or self._revisions.get((kind, name), 0) + 1
        return number

    def _note_currency(self, portfolio_id: str, currency: str) -> None:
        """Keep the way back from currencies to the portfolio and those above it.

        One once held stays: that only costs a needless look.
        """
        for owner in (portfolio_id, *self.hierarchy.above(portfolio_id)):
            currencies = self._currencies.setdefault(owner, set())
            currencies.add(currency)
            if len(currencies) > 1:
                for one in currencies:
                    self._exposed.setdefault(one, set()).add(owner)


def realized_by(line: Line) -> Decimal | None:
    """What the fills of a position have realised, in base currency; None when a rate is unknown."""
    if line.parts:
        amounts = [realized_by(part) for part in line.parts]
        known = [amount for amount in amounts if amount is not None]
        return sum_money(known) if len(known) == len(amounts) else None
    if line.ledger is None or line.dated_later:
        return ZERO
    found = line.ledger.realized_pnl_base
    return None if isinstance(found, Missing) else found


def _only_same(source: str, target: str, _: int) -> Decimal | None:
    return ONE if source == target else None


def _content(record: Portfolio | Instrument | Position | Trade) -> tuple[object, ...]:
    """Everything a record says except when it was recorded."""
    return tuple(getattr(record, name) for name in record.__struct_fields__ if name != "recorded_at")
