"""Long lists, for the spreadsheet."""

from collections.abc import Sequence

from reports.core.cells import told
from reports.core.document import Column, Row, Table
from reports.core.pnl.shapes import BookPnl


def all_lines(portfolios: Sequence[BookPnl]) -> Table:
    names = ("price", "fx", "trading", "income", "fees", "total", "closing_value")
    rows = tuple(
        Row(
            (
                one.portfolio_id,
                line.symbol,
                line.name,
                one.currency,
                *(told(getattr(line, name), None, line.reason or "unknown") for name in names),
                line.reason,
            )
        )
        for one in portfolios
        for line in one.lines
    )
    heads = ("Price", "FX", "Trading", "Income", "Fees", "Total", "Closing value")
    columns = (
        *(Column(head) for head in ("Portfolio", "Symbol", "Name", "Ccy")),
        *(Column(head, "money") for head in heads),
        Column("Reason"),
    )
    return Table("Positions", "Every position of the day", columns, rows)


def all_movers(portfolios: Sequence[BookPnl]) -> Table:
    rows = tuple(
        Row((one.portfolio_id, period, mover.symbol, mover.name, one.currency, mover.total))
        for one in portfolios
        for period, movers in (
            ("day", (*one.gainers, *one.losers)),
            ("month", (*one.month_gainers, *one.month_losers)),
        )
        for mover in movers
    )
    heads = ("Portfolio", "Period", "Symbol", "Name", "Ccy")
    return Table("Movers", "Gainers and losers", (*map(Column, heads), Column("P&L", "money")), rows)
