"""From rows of the warehouse to the Daily Portfolio PnL report."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from quant import Missing, period_dates, top_movers
from reports.core.books import Placed, in_tree_order
from reports.core.pnl.periods import Record, period, volatility
from reports.core.pnl.rows import BookDay, DayLine, PnlRows, SymbolTotal, UnknownLine
from reports.core.pnl.shapes import BookPnl, DailyPnlReport, DayTotal, Mover
from reports.core.reasons import unavailable

MOVERS = 5
Owned = TypeVar("Owned", BookDay, DayLine, SymbolTotal, UnknownLine)


def daily_pnl(rows: PnlRows) -> DailyPnlReport:
    """The report of rows.date. Portfolios in tree order, positions by symbol, restatements by date."""
    days, lines = _by_portfolio(rows.days), _by_portfolio(rows.lines)
    month, unknown = _by_portfolio(rows.month), _by_portfolio(rows.unknown)
    portfolios: list[BookPnl] = []
    for placed in in_tree_order(rows.portfolios):
        name = placed.portfolio.portfolio_id
        record = Record({day.date: day for day in days[name]}, rows.frozen, rows.first_held.get(name))
        portfolios.append(_book(placed, rows.date, record, lines[name], month[name], unknown[name]))
    return DailyPnlReport(
        date=rows.date,
        known_at=rows.known_at,
        previous_report_at=rows.since,
        complete=all(one.month.complete for one in portfolios),
        portfolios=tuple(portfolios),
        restatements=tuple(sorted(rows.restatements, key=attrgetter("date", "portfolio_id", "symbol"))),
        corrected_bars=tuple(sorted(rows.bars, key=attrgetter("window_start", "symbol"))),
    )


def _book(
    placed: Placed,
    date: dt.date,
    record: Record,
    lines: Sequence[DayLine],
    month: Sequence[SymbolTotal],
    unknown: Sequence[UnknownLine],
) -> BookPnl:
    one, today = placed.portfolio, record.stored.get(date)
    deviation = volatility(record, date)
    gainers, losers = _movers((line.symbol, line.name, line.total) for line in lines)
    month_gainers, month_losers = _movers((line.symbol, line.name, line.total) for line in month)
    wanted = period_dates("mtd", date)
    return BookPnl(
        portfolio_id=one.portfolio_id,
        name=one.name,
        currency=one.currency,
        parent_id=one.parent_id,
        depth=placed.depth,
        has_members=placed.has_members,
        closing_value=None if today is None or not today.known else today.closing_value,
        day=period(record, "day", date),
        month=period(record, "mtd", date),
        year=period(record, "ytd", date),
        volatility_20d=None if isinstance(deviation, Missing) else deviation,
        volatility_unavailable=unavailable(deviation),
        gainers=gainers,
        losers=losers,
        month_gainers=month_gainers,
        month_losers=month_losers,
        daily=tuple(
            DayTotal(date=day, total=found.pnl) for day, found in sorted(record.days(wanted).items())
        ),
        lines=tuple(sorted(lines, key=attrgetter("symbol"))),
        unknown=tuple(sorted(unknown, key=attrgetter("date", "symbol"))),
    )


def _movers(
    totals: Iterable[tuple[str, str, Decimal | None]],
) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    known = {symbol: (name, total) for symbol, name, total in totals if total is not None}
    ranked = top_movers({symbol: total for symbol, (_, total) in known.items()}, MOVERS)
    gainers, losers = (
        tuple(Mover(symbol=symbol, name=known[symbol][0], total=total) for symbol, total in side)
        for side in ranked
    )
    return gainers, losers


def _by_portfolio(rows: Iterable[Owned]) -> defaultdict[str, list[Owned]]:
    found: defaultdict[str, list[Owned]] = defaultdict(list)
    for row in rows:
        found[row.portfolio_id].append(row)
    return found
