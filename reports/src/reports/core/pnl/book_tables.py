"""All portfolios side by side: summary, split, performance."""

from collections.abc import Sequence

from reports.core import charts, figures
from reports.core.cells import label, told
from reports.core.document import Absent, Block, Cell, Chart, Column, Row, Table
from reports.core.pnl.shapes import BookPnl, DayTotal, Period

DRAWN = 25
"""Portfolios in a chart."""


def summary(portfolios: Sequence[BookPnl]) -> tuple[Block, ...]:
    table = Table(
        "Summary",
        "Profit and loss in base currency",
        (
            Column("Portfolio"),
            Column("Ccy"),
            Column("Day", "money"),
            Column("Day %", "percent"),
            Column("Month to date", "money"),
            Column("MTD %", "percent"),
            Column("Year to date", "money"),
            Column("Closing value", "money"),
            Column("Coverage"),
            Column("Name"),
        ),
        tuple(
            Row(
                (
                    label(one.portfolio_id, one.depth),
                    one.currency,
                    _total(one.day),
                    _return(one.day),
                    _total(one.month),
                    _return(one.month),
                    _total(one.year),
                    told(one.closing_value, None),
                    covered(one),
                    one.name,
                ),
                strong=one.has_members,
            )
            for one in portfolios
        ),
        "A portfolio with members (bold) contains theirs: do not add them up.",
    )
    return (table, *_returns_chart(portfolios))


def covered(one: BookPnl) -> str:
    """What the month lacks."""
    lacks = [f"{one.day.unknown} unknown today"] if one.day.unknown else []
    if one.month.unknown > one.day.unknown:
        lacks.append(f"{one.month.unknown} unknown in the month")
    if one.month.missing_days:
        lacks.append(f"{len(one.month.missing_days)} of {one.month.days} dates missing")
    return "; ".join(lacks) or "complete"


def _returns_chart(portfolios: Sequence[BookPnl]) -> tuple[Chart, ...]:
    known = [(one, one.day.time_weighted_return) for one in portfolios[:DRAWN]]
    bars = [
        charts.NamedBar(one.portfolio_id, float(value), figures.percent(value))
        for one, value in known
        if value is not None
    ]
    if not bars:
        return ()
    text = "; ".join(f"{bar.label} {bar.text}" for bar in bars)
    return (Chart("Return of the day", charts.by_name(bars, f"Return of the day: {text}"), text),)


def split(title: str, which: str, portfolios: Sequence[BookPnl]) -> Table:
    names = ("price", "fx", "trading", "income", "fees", "total")
    rows: list[Row] = []
    for one in portfolios:
        found: Period = getattr(one, which)
        absent = Absent(found.parts_unavailable.reason if found.parts_unavailable else "unknown")
        cells = (absent if found.parts is None else getattr(found.parts, name) for name in names)
        rows.append(Row((label(one.portfolio_id, one.depth), one.currency, *cells), strong=one.has_members))
    heads = ("Price", "FX", "Trading", "Income", "Fees", "Total")
    columns = (Column("Portfolio"), Column("Ccy"), *(Column(head, "money") for head in heads))
    return Table(title, title, columns, tuple(rows), "Price + FX + trading + income - fees = total.")


def performance(portfolios: Sequence[BookPnl]) -> Table:
    """Return, volatility, drawdown, best and worst day."""
    rows = tuple(
        Row(
            (
                label(one.portfolio_id, one.depth),
                _return(one.month),
                _return(one.year),
                told(one.volatility_20d, one.volatility_unavailable),
                _fall(one.month),
                _fall(one.year),
                *_extreme(one.month.best_day),
                *_extreme(one.month.worst_day),
            ),
            strong=one.has_members,
        )
        for one in portfolios
    )
    columns = (
        Column("Portfolio"),
        Column("Return MTD", "percent"),
        Column("Return YTD", "percent"),
        Column("Volatility 20 d, p.a.", "percent"),
        Column("Drawdown MTD", "percent"),
        Column("Drawdown YTD", "percent"),
        Column("Best day of month", "date"),
        Column("P&L", "money"),
        Column("Worst day of month", "date"),
        Column("P&L", "money"),
    )
    return Table("Performance", "Realised performance", columns, rows, "Time-weighted; see the method notes.")


def _total(period: Period) -> Cell:
    return told(None if period.parts is None else period.parts.total, period.parts_unavailable)


def _return(period: Period) -> Cell:
    return told(period.time_weighted_return, period.return_unavailable)


def _fall(period: Period) -> Cell:
    return told(None if period.drawdown is None else period.drawdown.value, period.drawdown_unavailable)


def _extreme(day: DayTotal | None) -> tuple[Cell, Cell]:
    return (Absent("missing_day"), Absent("missing_day")) if day is None else (day.date, day.total)
