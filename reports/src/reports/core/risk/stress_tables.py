"""Stress and backtest of the Risk Exposure report."""

from collections.abc import Sequence

from reports.core.cells import label, told
from reports.core.document import Column, Note, Row, Table
from reports.core.risk.shapes import BookRisk, Stress

SHOWN = 6
"""Portfolios side by side; more do not fit a page."""


def stress_table(books: Sequence[BookRisk]) -> Table:
    """One row for each stress that can be told, one column for each of the first portfolios."""
    shown = [one for one in books if one.stresses][:SHOWN]
    names = [one.name for one in shown[0].stresses] if shown else []
    rows: list[Row] = []
    for place, _ in enumerate(names):
        results = [one.stresses[place] for one in shown]
        if any(found.pnl is not None for found in results):
            first = results[0]
            cells = (told(found.pnl, found.unavailable) for found in results)
            rows.append(Row((first.description, _span(first), *cells)))
    columns = (
        Column("Stress"),
        Column("Days"),
        *(Column(f"{one.portfolio_id}, {one.currency}", "money") for one in shown),
    )
    return Table(
        "",
        "Profit or loss of the closing book",
        columns,
        tuple(rows),
        "All portfolios are in the spreadsheet.",
    )


def _span(one: Stress) -> str:
    if one.first is None or one.last is None:
        return "shock"
    return str(one.first) if one.first == one.last else f"{one.first} to {one.last}"


def unreached(books: Sequence[BookRisk]) -> tuple[Note, ...]:
    known = [one for one in books if one.stresses]
    if not known:
        return (Note("No stress can be told: there is no official value."),)
    lacking = [
        found.name
        for place, found in enumerate(known[0].stresses)
        if all(one.stresses[place].pnl is None for one in known)
    ]
    return (Note(f"Not reached by the stored history: {', '.join(lacking)}."),) if lacking else ()


def all_stresses(books: Sequence[BookRisk]) -> Table:
    rows = tuple(
        Row(
            (
                one.portfolio_id,
                one.currency,
                found.name,
                found.description,
                found.kind,
                _span(found),
                told(found.pnl, found.unavailable),
                told(found.percent, found.unavailable),
                ", ".join(found.not_shocked),
                " ".join(found.proxies),
            )
        )
        for one in books
        for found in one.stresses
    )
    columns = (
        *map(Column, ("Portfolio", "Ccy", "Name", "Description", "Kind", "Days")),
        Column("P&L", "money"),
        Column("of gross", "percent"),
        Column("Without history"),
        Column("Proxies"),
    )
    return Table("Stress", "All stresses", columns, rows)


def backtest(books: Sequence[BookRisk]) -> Table:
    rows = tuple(
        Row(
            (
                label(one.portfolio_id, one.depth),
                found.days,
                found.missing,
                told(found.exceptions, found.unavailable),
                told(found.expected, found.unavailable),
                told(found.zone, found.unavailable),
                "" if found.yellow_from is None else f"{found.yellow_from} / {found.red_from}",
                ", ".join(map(str, found.exception_dates[-3:])),
            ),
            strong=one.has_members,
        )
        for one in books
        for found in (one.backtest,)
    )
    columns = (
        Column("Portfolio"),
        Column("Days tested", "count"),
        Column("Left out", "count"),
        Column("Exceptions", "count"),
        Column("Expected", "number"),
        Column("Zone"),
        Column("Yellow / red from"),
        Column("Last exceptions"),
    )
    return Table("Backtest", "Reported 99 % VaR against actual profit", columns, rows)
