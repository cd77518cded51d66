"""What every portfolio was worth at the close of a business date: its official value.

Each position stands at the close of its exchange's session and everything is converted at the rates of 17:00
New York, so this value and the profit of the day rest on the same closes.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from contracts import Coverage, CoverageNote, DailyPnl, OptionTerms, PositionValue, Valuation
from contracts.types import CoverageReason
from endofday.core.day import CASH, Books, Closes, Day, OpenLine, closing_price, open_lines
from endofday.core.facts import Portfolio, Quote, members
from endofday.core.profits import line_profit, sum_profits
from quant import Missing, exposure, mark_position, previous_business_date
from quant.money import EXACT, round_rate, sum_money
from quant.positions import PositionMark

NO_OPTIONS: Mapping[str, OptionTerms] = {}


def closing_valuations(
    books: Books, closes: Closes, day: Day, options: Mapping[str, OptionTerms] = NO_OPTIONS
) -> Iterator[Valuation]:
    """The closing value of every portfolio that held or traded something; revision 0, not stored yet.

    Parameters: the terms of the options, which are not computed here.
    """
    held = books.symbols_by_owner()
    for portfolio in books.portfolios.values():
        lines = list(open_lines(books, closes, day, portfolio, held))
        if lines:
            yield _valuation(books, closes, day, portfolio, lines, options)


def empty_valuation(portfolio: Portfolio, day: Day) -> Valuation:
    """The closing value of a portfolio that holds nothing, where another one was stored before."""
    return _sums(portfolio, day, [], DailyPnl(since=_since(day)), (), {portfolio.base_currency: Decimal(1)})


def valuation_id(portfolio_id: str, as_of: dt.datetime, revision: int) -> str:
    """The name of an official value."""
    return f"{portfolio_id}:bar:{as_of.isoformat().replace('+00:00', 'Z')}:{revision}"


def _valuation(
    books: Books,
    closes: Closes,
    day: Day,
    portfolio: Portfolio,
    lines: Sequence[OpenLine],
    options: Mapping[str, OptionTerms],
) -> Valuation:
    base = portfolio.base_currency
    positions: list[PositionValue] = []
    profits: list[DailyPnl] = []
    rates = {base: Decimal(1)}
    for line in lines:
        price = closing_price(books, closes, day, line.symbol)
        rate = closes.at(day.fx_closes[1]).rate(line.currency, base)
        told = line.profit(None if price is None else price.value, None if rate is None else rate.value)
        profit = line_profit(_since(day), told, line.book.realized)
        profits.append(profit)
        if rate is not None:
            rates[line.currency] = rate.value
        if line.quantity:
            positions.append(_position(books, day, line, price, rate, profit, options.get(line.symbol)))
    below = tuple(
        one for one in members(books.portfolios, portfolio.portfolio_id) if one != portfolio.portfolio_id
    )
    return _sums(portfolio, day, positions, sum_profits(_since(day), profits), below, rates)


def _position(
    books: Books,
    day: Day,
    line: OpenLine,
    price: Quote | None,
    rate: Quote | None,
    profit: DailyPnl,
    option: OptionTerms | None,
) -> PositionValue:
    instrument, book = books.instruments.get(line.symbol), line.book
    closed = None if price is None else day.sessions(line.symbol)[1].close
    cost_rate = _cost_rate(line)
    average_cost = round_rate(EXACT.divide(book.cost, line.quantity))
    money = _mark(line, average_cost, price, rate, cost_rate)
    return PositionValue(
        symbol=line.symbol,
        asset_class=None if instrument is None else instrument.asset_class,  # type: ignore[arg-type]
        sector=None if instrument is None else instrument.sector,
        exchange=None if instrument is None else instrument.exchange,
        issuer=None if instrument is None else instrument.issuer,
        quantity=line.quantity,
        average_cost=average_cost,
        multiplier=line.multiplier,
        currency=line.currency,
        price=None if price is None else price.value,
        price_as_of=closed,
        price_id=None if price is None else price.name,
        fx_rate=None if rate is None else rate.value,
        fx_id=None if rate is None else rate.name,
        market_value=None if money is None else money.market_value,
        market_value_base=None if money is None else money.market_value_base,
        unrealized_pnl=None if money is None else money.unrealized_pnl,
        unrealized_pnl_base=None if money is None else money.unrealized_pnl_base,
        price_pnl_base=None if money is None else money.price_pnl_base,
        fx_pnl_base=None if money is None else money.fx_pnl_base,
        cost_fx_rate=cost_rate,
        position_as_of=book.as_of,
        position_version=book.version,
        price_age_seconds=None if closed is None else (day.fx_closes[1] - closed).total_seconds(),
        stale=False,  # the close of the session itself, or none
        daily_pnl=profit,
        option=option,
    )


def _mark(
    line: OpenLine, average_cost: Decimal, price: Quote | None, rate: Quote | None, cost_rate: Decimal | None
) -> PositionMark | None:
    found = mark_position(
        quantity=line.quantity,
        average_cost=average_cost,
        multiplier=line.multiplier,
        price=None if price is None else price.value,
        fx_rate=None if rate is None else rate.value,
        cost_fx_rate=cost_rate,
    )
    return None if isinstance(found, Missing) else found


def _cost_rate(line: OpenLine) -> Decimal | None:
    """The rate the units were taken at, weighted by cost."""
    book = line.book
    if book.cost_base is None or not book.cost:
        return None
    return round_rate(EXACT.divide(book.cost_base, book.cost))


def _sums(
    portfolio: Portfolio,
    day: Day,
    positions: Sequence[PositionValue],
    profit: DailyPnl,
    below: tuple[str, ...],
    rates: dict[str, Decimal],
) -> Valuation:
    """Each sum is the sum of the rounded positions; none when something is held and nothing is priced.

    The unrealised profit is none, too, when the FX part of one position is: that would count as 0.
    """
    as_of = day.fx_closes[1]
    priced = [one for one in positions if one.market_value_base is not None]
    known = bool(priced) or not positions
    values = exposure(_amount(one.market_value_base) for one in priced if one.asset_class != CASH)
    price_part = sum_money(_amount(one.price_pnl_base) for one in priced)
    fx_parts = [one.fx_pnl_base for one in priced if one.fx_pnl_base is not None]
    fx_part = sum_money(fx_parts) if fx_parts or not positions else None
    totals = [one.unrealized_pnl_base for one in priced if one.unrealized_pnl_base is not None]
    whole = known and len(totals) == len(priced)
    return Valuation(
        valuation_id=valuation_id(portfolio.portfolio_id, as_of, 0),
        portfolio_id=portfolio.portfolio_id,
        basis="bar",
        as_of=as_of,
        recorded_at=as_of,
        revision=0,
        currency=portfolio.base_currency,
        market_value=sum_money(_amount(one.market_value_base) for one in priced) if known else None,
        unrealized_pnl=sum_money(totals) if whole else None,
        unrealized_price_pnl=price_part if known else None,
        unrealized_fx_pnl=fx_part,
        long_exposure=values.long if known else None,
        short_exposure=values.short if known else None,
        gross_exposure=values.gross if known else None,
        net_exposure=values.net if known else None,
        coverage=_coverage(positions),
        positions=tuple(positions),
        fx_rates=rates,
        daily_pnl=profit,
        members=below or None,
    )


def _coverage(positions: Sequence[PositionValue]) -> Coverage:
    notes = [note for one in positions if (note := _note(one)) is not None]
    priced = [one for one in positions if one.market_value_base is not None]
    ages = [one.price_age_seconds for one in priced if one.price_age_seconds is not None]
    return Coverage(
        positions=len(positions),
        priced=len(priced),
        unpriced=len(positions) - len(priced),
        stale=0,
        oldest_price_age_seconds=max(ages, default=None),
        complete=len(priced) == len(positions),
        notes=tuple(notes),
    )


def _note(one: PositionValue) -> CoverageNote | None:
    reason: CoverageReason | None = None
    if one.price is None:
        reason = "no_price"
    elif one.fx_rate is None:
        reason = "no_fx_rate"
    elif one.cost_fx_rate is None:
        reason = "no_cost_fx_rate"
    return None if reason is None else CoverageNote(symbol=one.symbol, reason=reason)


def _amount(value: Decimal | None) -> Decimal:
    if value is None:
        raise ValueError("a priced position has every amount: an unpriced one is left out before")
    return value


def _since(day: Day) -> str:
    return previous_business_date(day.date).isoformat()
