"""One portfolio: its month as a chart, who gained and who lost."""

from collections.abc import Sequence
from decimal import Decimal

from reports.core import charts, figures
from reports.core.document import Block, Cell, Chart, Column, Row, Section, Table
from reports.core.pnl.shapes import BookPnl, Mover


def portfolio(one: BookPnl) -> Section:
    blocks: list[Block] = list(_month_chart(one))
    blocks.append(_movers(f"Top gainers and losers, {one.currency}", one.gainers, one.losers))
    blocks.append(
        _movers(f"The same since the month began, {one.currency}", one.month_gainers, one.month_losers)
    )
    return Section(f"{one.portfolio_id} ({one.name})", tuple(blocks))


def _month_chart(one: BookPnl) -> tuple[Chart, ...]:
    if not one.daily:
        return ()
    totals = [day.total for day in one.daily]
    summed = [sum(totals[: count + 1], Decimal(0)) for count in range(len(totals))]
    title = f"Daily profit and month to date, {one.currency}"
    text = f"{len(totals)} dates known, together {figures.money(summed[-1])} {one.currency}"
    drawn = charts.over_dates(
        [day.date for day in one.daily],
        [float(t) for t in totals],
        [float(s) for s in summed],
        f"{title}: {text}",
    )
    return (Chart(title, drawn, text),)


def _movers(title: str, gainers: Sequence[Mover], losers: Sequence[Mover]) -> Table:
    """Side by side: the n-th gainer beside the n-th loser."""
    rows: list[Row] = []
    for place in range(max(len(gainers), len(losers))):
        sides = (side[place] if place < len(side) else None for side in (gainers, losers))
        rows.append(Row(tuple(cell for one in sides for cell in _mover(one))))
    columns = (
        Column("Gainer"), Column("Name"), Column("P&L", "money"),
        Column("Loser"), Column("Name"), Column("P&L", "money"),
    )  # fmt: skip
    return Table("", title, columns, tuple(rows), "" if rows else "Nothing moved.")


def _mover(one: Mover | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if one is None else (one.symbol, one.name, one.total)
