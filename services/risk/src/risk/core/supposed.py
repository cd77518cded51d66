"""A book with supposed trades: the valuation that would be there if they had been done now."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from contracts import Coverage, DailyPnl, Instrument, PositionValue, Valuation
from contracts.analysis.what_if import SupposedFill, SupposedTrade
from quant import Fill, convert, exposure, open_ledger, sum_money
from quant import replay as replay_ledger
from quant.money import EXACT, ZERO, product, round_money
from risk.core.marks import Mark

CASH = "cash"
ONE = Decimal(1)


def suppose(
    valuation: Valuation,
    trades: Sequence[SupposedTrade],
    marks: Mapping[str, Mark],
    instruments: Mapping[str, Instrument],
) -> tuple[Valuation, tuple[SupposedFill, ...]]:
    """The valuation after the trades, one by one in their order, and what became of each.

    A trade that cannot be valued changes nothing. What is held keeps its mark; a line that goes to zero is
    gone. Cash positions stay as they are, as they do when trades are booked.
    """
    lines = {one.symbol: one for one in valuation.positions}
    before, traded, daily, fills = set(lines), set[str](), valuation.daily_pnl, list[SupposedFill]()
    for trade in trades:
        line = lines.get(trade.symbol)
        if line is None and trade.symbol in marks:
            line = _new_line(trade.symbol, marks[trade.symbol], valuation, instruments.get(trade.symbol))
        source = None if trade.symbol in before else marks.get(trade.symbol)
        fill = _fill(trade, line, source)
        fills.append(fill)
        if line is None or fill.reason is not None or fill.profit is None:
            continue
        lines[trade.symbol] = _traded(line, trade, fill)
        traded.add(trade.symbol)
        daily = _with_trade(daily, fill.profit, convert(trade.fee, line.fx_rate or ZERO))
    kept = tuple(one for one in lines.values() if one.quantity or one.symbol not in traded)
    return _valuation(valuation, kept, daily), tuple(fills)


def priced_values(positions: Iterable[PositionValue], *, cash: bool) -> list[Decimal]:
    """Market values in base currency of what is priced, with or without cash."""
    return [
        one.market_value_base
        for one in positions
        if one.market_value_base is not None and (cash or one.asset_class != CASH)
    ]


def _new_line(symbol: str, mark: Mark, valuation: Valuation, instrument: Instrument | None) -> PositionValue:
    """An empty line of an instrument that is not held, described by its master record or another book."""
    known = instrument or mark.like
    return PositionValue(
        symbol=symbol,
        asset_class=known.asset_class if known else mark.asset_class,
        quantity=ZERO,
        average_cost=ZERO,
        multiplier=known.multiplier if known else ONE,
        currency=mark.currency,
        price=mark.price,
        price_as_of=mark.as_of,
        fx_rate=valuation.fx_rates.get(mark.currency),
        market_value=ZERO,
        market_value_base=ZERO,
        position_as_of=valuation.as_of,
        position_version=0,
        stale=False,
        sector=known.sector if known else None,
        exchange=known.exchange if known else None,
        issuer=known.issuer if known else None,
        option=mark.like.option if mark.like else None,
    )


def _fill(trade: SupposedTrade, line: PositionValue | None, mark: Mark | None) -> SupposedFill:
    told = SupposedFill(symbol=trade.symbol, quantity=trade.quantity, price=trade.price)
    if line is None:
        message = "no book prices it and there is no daily close of it before the market date"
        return replace(told, reason="no_price", message=message)
    told = replace(told, currency=line.currency)
    if line.price is None:
        message = "it is held but has no price now, so neither the position nor the trade can be valued"
        return replace(told, reason="unpriced_position", message=message)
    if line.fx_rate is None:
        message = f"no rate of this valuation leads from {line.currency} to its currency"
        return replace(told, reason="no_fx_rate", message=message)
    price = line.price if trade.price is None else trade.price
    units = product(trade.quantity, line.multiplier)
    value = convert(product(units, line.price), line.fx_rate)
    paid = EXACT.add(product(units, price), trade.fee)
    cash_flow = convert(paid, line.fx_rate).copy_negate()
    return replace(
        told,
        price=price,
        mark=line.price,
        mark_source="book" if mark is None else mark.source,
        mark_as_of=line.price_as_of,
        market_value=value,
        cash_flow=EXACT.add(cash_flow, ZERO),
        profit=EXACT.add(value, cash_flow),
    )


def _traded(line: PositionValue, trade: SupposedTrade, fill: SupposedFill) -> PositionValue:
    """The line after the fill: average cost by the rule of the ledger, value at the same mark."""
    assert line.price is not None, "a trade without a mark is refused before"
    assert line.fx_rate is not None, "a trade without a rate is refused before"
    assert fill.price is not None, "a valued trade has a price"
    held = open_ledger(
        line.quantity,
        line.average_cost,
        fx_rate=line.cost_fx_rate or line.fx_rate,
        multiplier=line.multiplier,
    )
    ledger = replay_ledger(held, [Fill(trade.quantity, fill.price, fee=trade.fee, fx_rate=line.fx_rate)])
    value = product(ledger.quantity, line.price, line.multiplier)
    average = ledger.average_cost
    return replace(
        line,
        quantity=ledger.quantity,
        average_cost=average if isinstance(average, Decimal) else ZERO,
        market_value=round_money(value),
        market_value_base=convert(value, line.fx_rate),
        # What follows rests on the fills of the real book.
        unrealized_pnl=None,
        unrealized_pnl_base=None,
        price_pnl_base=None,
        fx_pnl_base=None,
        realized_pnl_base=None,
        daily_pnl=_with_trade(line.daily_pnl, fill.profit or ZERO, convert(trade.fee, line.fx_rate)),
    )


def _with_trade(daily: DailyPnl | None, profit: Decimal, fee: Decimal) -> DailyPnl | None:
    """The profit of the day with one more trade: what it earned against the mark, and its fee."""
    if daily is None or daily.total is None or daily.trading is None or daily.fees is None:
        return daily
    return replace(
        daily,
        trading=EXACT.add(daily.trading, EXACT.add(profit, fee)),
        fees=EXACT.add(daily.fees, fee),
        total=EXACT.add(daily.total, profit),
    )


def _valuation(
    valuation: Valuation, positions: tuple[PositionValue, ...], daily: DailyPnl | None
) -> Valuation:
    values = priced_values(positions, cash=True)
    found = exposure(priced_values(positions, cash=False))
    unknown = bool(positions) and not values
    return replace(
        valuation,
        positions=positions,
        market_value=None if unknown else sum_money(values),
        long_exposure=None if unknown else found.long,
        short_exposure=None if unknown else found.short,
        gross_exposure=None if unknown else found.gross,
        net_exposure=None if unknown else found.net,
        daily_pnl=daily,
        coverage=_coverage(valuation.coverage, positions),
    )


def _coverage(before: Coverage, positions: tuple[PositionValue, ...]) -> Coverage:
    held = {one.symbol for one in positions}
    priced = sum(one.market_value_base is not None for one in positions)
    stale = sum(one.stale and one.market_value_base is not None for one in positions)
    return replace(
        before,
        positions=len(positions),
        priced=priced,
        unpriced=len(positions) - priced,
        stale=stale,
        complete=priced == len(positions) and not stale,
        notes=tuple(note for note in before.notes if note.symbol in held),
    )
