"""All that valuation knows, and what follows from a new fact: who must be valued again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts import (
    Bar,
    Basis,
    FxRate,
    Instrument,
    OptionTerms,
    Portfolio,
    Position,
    Tick,
    Trade,
    Valuation,
)
from quant import CostMethod
from valuation.core.bars import BarCloses, close_of
from valuation.core.books import Books
from valuation.core.daily import Daily, DayProfits, Opening
from valuation.core.marks import Mark, MarkCache
from valuation.core.moments import DAY_US, to_us
from valuation.core.numbers import require_number, require_positive
from valuation.core.official import Agenda, Due, on_change, on_close
from valuation.core.options import OptionMark, OptionMarks, require_option
from valuation.core.prices import NewestTick, Price, PriceVector
from valuation.core.rates import ONE, Fixings, Quote, RateTable, newest
from valuation.core.snapshot import Market, Stamp, no_profits, value_portfolio
from valuation.core.splits import SplitRecord

COST_RATE_MAX_AGE_US = 7 * DAY_US
"""A position is not taken at a fixing older than this: over a long weekend yes, over a gap in the history no.
"""

RENEW_AFTER_US = 60 * 1_000_000
"""Market time after which a value is made anew although none of its prices ticked: its ages are then wrong.
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """Conventions of valuation."""

    pivot: str = "USD"
    stale_after_us: int = 900 * 1_000_000
    cost_method: CostMethod = "average"


class State:
    """Prices, rates, books and bars, with the sets of what changed since they were last looked at.

    `changed_prices` holds symbols whose newest tick is not stored yet, `agenda` the official values that are
    due, `too_old` final bars from before what `closes` still remembers.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.prices = PriceVector()
        self.fixings = Fixings()
        self.books = Books(self.rules.pivot, self.rules.cost_method)
        self.books.rate_on = self._rate_on
        self.daily = Daily(self.books)
        self.closes = BarCloses()
        self.agenda = Agenda()
        self.market_time_us: int | None = None
        self.changed_prices: set[str] = set()
        self.too_old: list[Bar] = []
        self._ticked: set[str] = set()
        self._dirty: dict[str, None] = {}
        self._renewed_at_us: int | None = None
        self._marks = MarkCache()
        self._option_marks = OptionMarks()
        self._live_rates: RateTable | None = None
        self._rates_until_us: int | None = None
        self._official_rates: tuple[int, RateTable] | None = None

    # What can happen

    def take_tick(self, tick: Tick) -> None:
        """A price. An older one than the newest of its symbol changes nothing."""
        if tick.price_e8 <= 0:
            raise ValueError(f"price of {tick.symbol} was {tick.price_e8}e-8, it must be above zero")
        if not self.prices.take(tick):
            return
        self._move_time(tick.ts_event_us)
        self.changed_prices.add(tick.symbol)
        self._ticked.add(tick.symbol)
        if tick.symbol in self.books.pairs:
            self._live_rates = None

    def restore_price(self, symbol: str, newest_tick: NewestTick) -> None:
        """A price that was stored before."""
        self.prices.restore(symbol, newest_tick)
        self._move_time(newest_tick.ts_event_us)

    def take_bar(self, bar: Bar) -> None:
        """A bar; only final ones count. A repeat makes its values due again, which changes none of them.

        It must, because the bar may have been restored from the database before it was ever valued.
        """
        if bar.status != "final":
            return
        require_positive(f"close of bar {bar.symbol} {bar.window_start}", bar.close)
        close = close_of(bar)
        if self.closes.since_us is not None and close.window_end_us < self.closes.since_us:
            self.too_old.append(bar)
            return
        self.closes.put(close)
        self._official_rates = None
        on_close(self.agenda, self.books, self.closes, close)

    def take_fixing(self, record: FxRate) -> int | None:
        """A daily rate. Returns its revision when it is news."""
        require_positive(f"rate of {record.pair}", record.rate)
        revision = self.fixings.put(record)
        if revision is None:
            return None
        self._forget_rates()
        as_of_us = to_us(record.as_of)
        span = (as_of_us, self.fixings.next_moment(record.pair, as_of_us))
        for portfolio_id in self.books.exposed_to(record.pair):
            self._touch(portfolio_id, span, f"fx:{record.pair}:{record.as_of.date()}:{revision}")
        return revision

    def take_instrument(self, record: Instrument) -> int | None:
        """An instrument. Returns its revision when it is news."""
        require_positive(f"multiplier of {record.symbol}", record.multiplier)
        require_option(record)
        revision = self.books.put_instrument(record)
        if revision is None:
            return None
        self._forget_rates()
        for portfolio_id in self.books.priced_by(record.symbol):
            self._touch(portfolio_id, (None, None), f"instrument:{record.symbol}:{revision}")
        return revision

    def take_portfolio(self, record: Portfolio) -> int | None:
        """A portfolio. Returns its revision when it is news."""
        above = self.books.hierarchy.above(record.portfolio_id)
        revision = self.books.put_portfolio(record)
        if revision is not None:
            self._marks.clear()
            cause = f"portfolio:{record.portfolio_id}:{revision}"
            self._touch(record.portfolio_id, (None, None), cause)
            self._leave(record.portfolio_id, above, cause)
        return revision

    def take_position(self, record: Position) -> int | None:
        """A version of a position. Returns its revision when it is news."""
        require_number(f"quantity of {record.symbol}", record.quantity)
        require_number(f"average cost of {record.symbol}", record.average_cost)
        if record.cost_fx_rate is not None:
            require_positive(f"cost rate of {record.symbol}", record.cost_fx_rate)
        version = self.books.put_position(record)
        history = self.books.history(record.portfolio_id, record.symbol)
        if version is None or history is None:
            return None
        cause = f"position:{record.portfolio_id}:{record.symbol}:{record.as_of.date()}:{version.revision}"
        self._touch(record.portfolio_id, history.reach(version.as_of_us), cause)
        return version.revision

    def take_trade(self, record: Trade) -> bool:
        """A fill. Tells whether it is news: a repeat is not."""
        require_number(f"quantity of trade {record.trade_id}", record.quantity)
        if not record.quantity:
            raise ValueError(f"trade {record.trade_id} has quantity 0")
        require_positive(f"price of trade {record.trade_id}", record.price)
        if record.fee is not None and record.fee:
            require_positive(f"fee of trade {record.trade_id}", record.fee)
        span = self.books.put_trade(record)
        if span is None:
            return False
        self._touch(record.portfolio_id, span, f"trade:{record.trade_id}")
        return True

    def take_splits(self, records: Iterable[SplitRecord], *, again: bool = False) -> None:
        """Splits as they are stored now.

        With `again` the known ones count as news too: they may have been stored before their effect was.
        """
        for record in records:
            require_positive(f"split of {record.symbol}", record.ratio)
            if not (self.books.splits.put(record) or again):
                continue
            self.books.forget_timelines()
            self._marks.clear()
            cause = f"split:{record.symbol}:{record.ex_date}:{record.revision}"
            for portfolio_id in self.books.holders(record.symbol):
                span = self.books.reach_of_split(portfolio_id, record.symbol, record.ex_date)
                self._touch(portfolio_id, span, cause)

    def take_opening(self, opening: Opening) -> None:
        """Previous closes as they are stored now."""
        if self.daily.take(opening):
            self.mark_dirty(self.books.portfolios)

    # What follows

    def mark_dirty(self, portfolio_ids: Iterable[str]) -> None:
        """Live values of these portfolios are to be published."""
        self._dirty.update(dict.fromkeys(portfolio_ids))

    def take_changed_prices(self) -> dict[str, NewestTick]:
        """Newest tick of every symbol that had one since the last call."""
        changed = {symbol: self.prices.newest(symbol) for symbol in self.changed_prices}
        self.changed_prices.clear()
        return changed

    @property
    def is_dirty(self) -> bool:
        """Whether anything changed since `take_dirty`."""
        return bool(self._ticked or self._dirty)

    def take_dirty(self) -> list[str]:
        """Known portfolios whose live value may have changed since the last call."""
        for symbol in self._ticked:
            self._dirty.update(dict.fromkeys(self.books.priced_by(symbol)))
        dirty = [portfolio_id for portfolio_id in self._dirty if portfolio_id in self.books.portfolios]
        self._ticked.clear()
        self._dirty.clear()
        return dirty

    def value_live(self, portfolio_id: str, sequence: str, recorded_at: datetime) -> Valuation | None:
        """The live value now; None when the portfolio is unknown or the market has no time yet (no tick ever
        came).
        """
        portfolio = self.books.portfolios.get(portfolio_id)
        as_of_us = self.market_time_us
        if portfolio is None or as_of_us is None:
            return None
        market = self._market("last", as_of_us, self._rates_now(as_of_us), self.prices.price)

        def profits(marks: Sequence[Mark]) -> DayProfits | None:
            return self.daily.of(portfolio, as_of_us, marks, market.rates)

        return self._value(portfolio, market, Stamp(sequence, 0, recorded_at), self._marks, profits)

    def value_official(self, due: Due, recorded_at: datetime) -> Valuation | None:
        """The official value that is due, at the closes of final bars and nothing else; None for an unknown
        portfolio.
        """
        portfolio = self.books.portfolios.get(due.portfolio_id)
        if portfolio is None:
            return None
        as_of_us = due.window_end_us

        def price(symbol: str) -> Price | None:
            close = self.closes.at(symbol, as_of_us)
            return close and Price(close.value, close.currency, close.as_of_us, close.price_id, None)

        market = self._market("bar", as_of_us, self._rates_at_close(as_of_us), price)
        return self._value(portfolio, market, Stamp("0", 0, recorded_at), None)

    # Inner

    def _value(
        self,
        portfolio: Portfolio,
        market: Market,
        stamp: Stamp,
        cache: MarkCache | None,
        profits: Callable[[Sequence[Mark]], DayProfits | None] = no_profits,
    ) -> Valuation:
        """The value of a portfolio with everything below it."""
        name, as_of_us = portfolio.portfolio_id, market.as_of_us
        lines = self.books.family_lines(name, as_of_us)
        realized = self.books.family_realized(name, as_of_us)
        members = self.books.hierarchy.below(name)
        return value_portfolio(portfolio, lines, market, stamp, cache, realized, members, profits)

    def _move_time(self, ts_us: int) -> None:
        """Market time only goes forward.

        Once a minute of it every value is renewed, since prices have aged.
        """
        if self.market_time_us is not None and ts_us <= self.market_time_us:
            return
        self.market_time_us = ts_us
        if self._renewed_at_us is None or ts_us - self._renewed_at_us >= RENEW_AFTER_US:
            self._renewed_at_us = ts_us
            self.mark_dirty(self.books.portfolios)

    def _touch(self, portfolio_id: str, span: tuple[int | None, int | None], cause: str) -> None:
        """A portfolio's inputs changed for a span of market time: its values and those above are due."""
        self.daily.forget()
        for one in (portfolio_id, *self.books.hierarchy.above(portfolio_id)):
            if one in self.books.portfolios:
                self._dirty[one] = None
                inputs = self.books.inputs(one)
                on_change(self.agenda, inputs, self.closes, one, span, cause)

    def _leave(self, portfolio_id: str, above: Iterable[str], cause: str) -> None:
        """Portfolios that it was part of are due as well, where its prices moved them."""
        self.daily.forget()
        inputs = self.books.inputs(portfolio_id)
        for one in set(above) - set(self.books.hierarchy.above(portfolio_id)):
            if one in self.books.portfolios:
                self._dirty[one] = None
                on_change(self.agenda, inputs, self.closes, one, (None, None), cause)

    def _forget_rates(self) -> None:
        self._marks.clear()
        self.books.forget_timelines()
        self._live_rates = None
        self._official_rates = None

    def _market(
        self, basis: Basis, as_of_us: int, rates: RateTable, price: Callable[[str], Price | None]
    ) -> Market:
        def option(symbol: str) -> OptionMark | None:
            contract = self.books.contract(symbol)
            if contract is None:
                return None
            own, underlying = price(symbol), price(contract.underlying)
            instrument = self.books.instruments[symbol]
            return self._option_marks.mark(basis, instrument, contract, own, underlying, as_of_us)

        def marked_price(symbol: str) -> Price | None:
            found = option(symbol)
            return price(symbol) if found is None else found.price

        def terms(symbol: str) -> OptionTerms | None:
            found = option(symbol)
            return None if found is None else found.terms

        return Market(
            basis=basis,
            as_of_us=as_of_us,
            instruments=self.books.instruments,
            price=marked_price,
            option=terms,
            rates=rates,
            rates_on=lambda ts_us: self.fixings.table_at(ts_us, self.rules.pivot, COST_RATE_MAX_AGE_US),
            stale_after_us=self.rules.stale_after_us,
            splits=self.books.splits_of,
            portfolios=self.books.portfolios,
        )

    def _rate_on(self, source: str, target: str, ts_us: int) -> Decimal | None:
        """The daily rate of a moment in the past, at which something was bought, sold or paid."""
        if source == target:
            return ONE
        table = self.fixings.rates_on(ts_us, self.rules.pivot, COST_RATE_MAX_AGE_US)
        rate = table.rate(source, target)
        return None if rate is None else rate.value

    def _rates_now(self, as_of_us: int) -> RateTable:
        """Fixings and live ticks of pairs now; kept until a pair ticks or the next fixing begins."""
        begun = self._rates_until_us is not None and as_of_us >= self._rates_until_us
        if self._live_rates is None or begun:
            self._live_rates = self._rate_table(as_of_us, self._tick_quote)
            self._rates_until_us = self.fixings.next_change(as_of_us)
        return self._live_rates

    def _rates_at_close(self, as_of_us: int) -> RateTable:
        """Fixings and closes of pairs at a window end; portfolios of one window share the table."""
        if self._official_rates is None or self._official_rates[0] != as_of_us:
            table = self._rate_table(as_of_us, lambda pair: self._close_quote(pair, as_of_us))
            self._official_rates = (as_of_us, table)
        return self._official_rates[1]

    def _rate_table(self, as_of_us: int, traded: Callable[[str], Quote | None]) -> RateTable:
        pairs = sorted({*self.fixings.pairs, *self.books.pairs})
        found = {pair: newest(self.fixings.at(pair, as_of_us), traded(pair)) for pair in pairs}
        quotes = {pair: quote for pair, quote in found.items() if quote is not None}
        return RateTable(quotes, self.rules.pivot)

    def _tick_quote(self, pair: str) -> Quote | None:
        price = self.prices.price(pair) if pair in self.books.pairs else None
        if price is None or price.as_of_us is None or price.currency != pair[3:]:
            return None
        return Quote(price.as_of_us, price.value, price.as_of_us, price.price_id, price.ingest_us)

    def _close_quote(self, pair: str, as_of_us: int) -> Quote | None:
        close = self.closes.at(pair, as_of_us) if pair in self.books.pairs else None
        if close is None or close.currency != pair[3:]:
            return None
        return Quote(close.as_of_us, close.value, close.as_of_us, close.price_id)
