"""One complete value of one portfolio at one market time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts import (
    Basis,
    Coverage,
    CoverageNote,
    DailyPnl,
    Instrument,
    OptionTerms,
    Portfolio,
    PositionValue,
    Valuation,
)
from quant import PositionMark, exposure, sum_money
from quant.money import product, round_rate
from valuation.core.books import Line, realized_by
from valuation.core.daily import DayProfits
from valuation.core.marks import Mark, MarkCache, currency_of, mark_line
from valuation.core.merging import merge_marks
from valuation.core.moments import from_us, to_text
from valuation.core.prices import ONE, Price, cash
from valuation.core.rates import SAME, RateTable
from valuation.core.splits import EffectiveSplit, in_units_of

ZERO = Decimal(0)


def no_splits(_: str) -> Sequence[EffectiveSplit]:
    return ()


def no_profits(_: Sequence[Mark]) -> DayProfits | None:
    return None


def no_options(_: str) -> OptionTerms | None:
    return None


@dataclass(frozen=True, slots=True)
class Market:
    """Everything outside the portfolio that its value depends on, as of one market time.

    `price` gives the price of a symbol, `rates` are the exchange rates now, `rates_on(as_of_us)` those at
    which a position of that date was taken, `splits` those of a symbol, `portfolios` those that hold
    positions, `option` the terms that an option is priced with. Inputs older than `stale_after_us` are used
    and flagged.
    """

    basis: Basis
    as_of_us: int
    instruments: dict[str, Instrument]
    price: Callable[[str], Price | None]
    rates: RateTable
    rates_on: Callable[[int], RateTable]
    stale_after_us: int
    splits: Callable[[str], Sequence[EffectiveSplit]] = no_splits
    portfolios: Mapping[str, Portfolio] = field(default_factory=dict[str, Portfolio])
    option: Callable[[str], OptionTerms | None] = no_options


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who this value is: its sequence within (portfolio, basis, as_of), its revision and our time."""

    sequence: str
    revision: int
    recorded_at: datetime


def value_portfolio(
    portfolio: Portfolio,
    lines: Iterable[Line],
    market: Market,
    stamp: Stamp,
    cache: MarkCache | None = None,
    realized: Decimal | None = ZERO,
    members: tuple[str, ...] = (),
    profits: Callable[[Sequence[Mark]], DayProfits | None] = no_profits,
) -> Valuation:
    """Value every position and sum up, exactly: each sum is the sum of the rounded positions it consists of.

    Positions without price or rate are listed, not counted as 0; sums are None only when something is held
    and nothing of it is priced. An empty book is worth 0. FX part of the profit: of the positions whose rate
    at cost is known, None when it is known of none. The total of both parts is None when one FX part is
    unknown, because it would take that for 0. `realized` is what fills have closed, positions that are
    gone included. `members` are the portfolios below whose positions are among the lines: they are merged.
    Cash is part of the value but no exposure. `profits` tells what the marks made since the previous close.
    """
    marks = [_mark(portfolio, line, market, cache) for line in lines]
    if members:
        marks = merge_marks(marks)
    priced = [mark for mark in marks if mark.missing is None]
    known = bool(priced) or not marks
    values = exposure(_money(mark).market_value_base for mark in priced if not is_cash(mark.instrument))
    price_pnl = sum_money(_money(mark).price_pnl_base for mark in priced)
    fx_parts = [part for mark in priced if (part := _money(mark).fx_pnl_base) is not None]
    fx_pnl = sum_money(fx_parts) if fx_parts or not marks else None
    totals = [total for mark in priced if (total := _money(mark).unrealized_pnl_base) is not None]
    whole = known and len(totals) == len(priced)
    ages = [_Age(mark, market) for mark in marks]
    day = profits(marks)
    days: Mapping[str, DailyPnl] = {} if day is None else day.lines
    return Valuation(
        valuation_id=f"{portfolio.portfolio_id}:{market.basis}:{to_text(market.as_of_us)}:{stamp.sequence}",
        portfolio_id=portfolio.portfolio_id,
        basis=market.basis,
        as_of=from_us(market.as_of_us),
        recorded_at=stamp.recorded_at,
        revision=stamp.revision,
        currency=portfolio.base_currency,
        market_value=_tidy(sum_money(_money(mark).market_value_base for mark in priced)) if known else None,
        unrealized_pnl=_tidy(sum_money(totals)) if whole else None,
        unrealized_price_pnl=_tidy(price_pnl) if known else None,
        unrealized_fx_pnl=_tidy(fx_pnl),
        long_exposure=_tidy(values.long) if known else None,
        short_exposure=_tidy(values.short) if known else None,
        gross_exposure=_tidy(values.gross) if known else None,
        net_exposure=_tidy(values.net) if known else None,
        coverage=_coverage(marks, ages),
        positions=tuple(
            _position_value(mark, age, market, days.get(mark.line.symbol))
            for mark, age in zip(marks, ages, strict=True)
        ),
        fx_rates=market.rates.into(portfolio.base_currency),
        source_ts_us=_newest_ingest(priced) if market.basis == "last" else None,
        realized_pnl=_tidy(realized),
        daily_pnl=None if day is None else day.total,
        members=members or None,
    )


class _Age:
    """How old price and rate of a mark are at market time, microseconds; None for what never ages."""

    __slots__ = ("price_us", "rate_us", "stale_price", "stale_rate")

    def __init__(self, mark: Mark, market: Market) -> None:
        price_as_of_us = None if mark.price is None else mark.price.as_of_us
        fresh_until_us = None if mark.rate is None else mark.rate.fresh_until_us
        self.price_us = None if price_as_of_us is None else market.as_of_us - price_as_of_us
        self.rate_us = None if fresh_until_us is None else max(0, market.as_of_us - fresh_until_us)
        priced = mark.missing is None
        self.stale_price = priced and self.price_us is not None and self.price_us > market.stale_after_us
        self.stale_rate = priced and self.rate_us is not None and self.rate_us > market.stale_after_us


def _mark(portfolio: Portfolio, line: Line, market: Market, cache: MarkCache | None) -> Mark:
    instrument = market.instruments.get(line.symbol)
    currency = currency_of(line.version.position, instrument)
    price = cash(currency) if is_cash(instrument) else market.price(line.symbol)
    if price is not None and (splits := market.splits(line.symbol)):
        price = in_units_of(price, splits, line.version.as_of_us, market.as_of_us)
    rate = market.rates.rate(currency, portfolio.base_currency)

    def cost_rate() -> Decimal | None:
        return _cost_rate(line, currency, portfolio.base_currency, market)

    if cache is None:
        return mark_line(line, instrument, price, rate, cost_rate())
    return cache.mark(portfolio.portfolio_id, line, instrument, price, rate, cost_rate)


def _cost_rate(line: Line, currency: str, base: str, market: Market) -> Decimal | None:
    """The rate at which the position was taken: as told, else the fixing of its date, else unknown."""
    if currency == base:
        return ONE
    if line.ledger is not None:
        return line.ledger.cost_fx_rate
    then = market.rates_on(line.version.as_of_us)
    if (told := line.version.position.cost_fx_rate) is not None:
        # It is told in the base currency of the holder, which need not be that of the portfolio above.
        holder = market.portfolios.get(line.version.position.portfolio_id)
        bridge = SAME if holder is None else then.rate(holder.base_currency, base)
        if bridge is not None:
            return told if bridge is SAME else round_rate(product(told, bridge.value))
    rate = then.rate(currency, base)
    return None if rate is None else rate.value


def _position_value(mark: Mark, age: _Age, market: Market, day: DailyPnl | None) -> PositionValue:
    position, price, money = mark.line.version.position, mark.price, mark.money
    based = money if mark.missing is None else None
    price_as_of_us = market.as_of_us - (age.price_us or 0)
    return PositionValue(
        symbol=mark.line.symbol,
        asset_class=None if mark.instrument is None else mark.instrument.asset_class,
        sector=None if mark.instrument is None else mark.instrument.sector,
        exchange=None if mark.instrument is None else mark.instrument.exchange,
        issuer=None if mark.instrument is None else mark.instrument.issuer,
        quantity=position.quantity,
        average_cost=position.average_cost,
        multiplier=ONE if mark.instrument is None else mark.instrument.multiplier,
        currency=mark.currency,
        price=None if price is None else price.value,
        price_as_of=None if price is None else from_us(price_as_of_us),
        price_id=None if price is None else price.price_id,
        fx_rate=None if mark.rate is None else mark.rate.value,
        fx_id=None if mark.rate is None else mark.rate.rate_id,
        market_value=None if money is None else _tidy(money.market_value),
        market_value_base=None if based is None else _tidy(based.market_value_base),
        unrealized_pnl=None if money is None else _tidy(money.unrealized_pnl),
        unrealized_pnl_base=None if based is None else _tidy(based.unrealized_pnl_base),
        price_pnl_base=None if based is None else _tidy(based.price_pnl_base),
        fx_pnl_base=None if based is None else _tidy(based.fx_pnl_base),
        cost_fx_rate=mark.cost_rate,
        position_as_of=position.as_of,
        position_version=mark.line.version.revision,
        price_age_seconds=None if price is None else (age.price_us or 0) / 1e6,
        stale=age.stale_price or age.stale_rate,
        realized_pnl_base=_tidy(realized_by(mark.line)),
        daily_pnl=day,
        option=None if price is None else market.option(mark.line.symbol),
    )


def _coverage(marks: list[Mark], ages: list[_Age]) -> Coverage:
    notes = tuple(note for mark, age in zip(marks, ages, strict=True) for note in _notes(mark, age))
    unpriced = sum(mark.missing is not None for mark in marks)
    stale = sum(age.stale_price or age.stale_rate for age in ages)
    priced = (age for mark, age in zip(marks, ages, strict=True) if mark.missing is None)
    oldest = max((age.price_us or 0 for age in priced), default=None)
    return Coverage(
        positions=len(marks),
        priced=len(marks) - unpriced,
        unpriced=unpriced,
        stale=stale,
        oldest_price_age_seconds=None if oldest is None else oldest / 1e6,
        complete=unpriced == 0 and stale == 0,
        notes=notes,
    )


def _notes(mark: Mark, age: _Age) -> list[CoverageNote]:
    symbol = mark.line.symbol
    notes: list[CoverageNote] = []
    if mark.missing is not None:
        notes.append(CoverageNote(symbol=symbol, reason=mark.missing))
    if age.stale_price and age.price_us is not None:
        notes.append(CoverageNote(symbol=symbol, reason="stale_price", age_seconds=age.price_us / 1e6))
    if age.stale_rate and age.rate_us is not None:
        notes.append(CoverageNote(symbol=symbol, reason="stale_fx_rate", age_seconds=age.rate_us / 1e6))
    if mark.missing is None and mark.cost_rate is None:
        notes.append(CoverageNote(symbol=symbol, reason="no_cost_fx_rate"))
    if mark.line.dated_later:
        notes.append(CoverageNote(symbol=symbol, reason="position_dated_later"))
    return notes


def _newest_ingest(priced: list[Mark]) -> int | None:
    moments = (
        moment
        for mark in priced
        for moment in (mark.price and mark.price.ingest_us, mark.rate and mark.rate.ingest_us)
        if moment is not None
    )
    return max(moments, default=None)


def is_cash(instrument: Instrument | None) -> bool:
    """Whether the instrument is money: priced at 1, and no exposure."""
    return instrument is not None and instrument.asset_class == "cash"


def _money(mark: Mark) -> PositionMark:
    if mark.money is None:
        raise ValueError(f"{mark.line.symbol} is priced without money: a mark is never")
    return mark.money


def _tidy(amount: Decimal | None) -> Decimal | None:
    """A zero without exponent (0E-8 would need a slower way onto the wire); other amounts as they are."""
    return ZERO if amount is not None and not amount else amount
