"""Exposure and concentration of the Risk Exposure report."""

from collections.abc import Sequence

from reports.core.cells import label, told
from reports.core.document import Absent, Cell, Column, Row, Table
from reports.core.risk.shapes import BookRisk, Group, Number

DETAILED = 25
"""Portfolios of a long table; JSON has all."""


def worth(books: Sequence[BookRisk]) -> Table:
    names = ("market_value", "long", "short", "gross", "net")
    rows = tuple(
        Row(
            (
                label(one.portfolio_id, one.depth),
                one.currency,
                *(told(getattr(one, name), None, "unpriced") for name in names),
                _covered(one),
            ),
            strong=one.has_members,
        )
        for one in books
    )
    heads = ("Market value", "Long", "Short", "Gross", "Net")
    columns = (
        Column("Portfolio"),
        Column("Ccy"),
        *(Column(head, "money") for head in heads),
        Column("Coverage"),
    )
    note = "A portfolio with members (bold) contains theirs: do not add them up."
    return Table("Exposure", "Market value and exposure", columns, rows, note)


def _covered(one: BookRisk) -> str:
    if one.as_of is None:
        return "no official value"
    held, priced, stale = (one.coverage.get(name, 0) for name in ("positions", "priced", "stale"))
    return (
        f"complete, {held} positions"
        if one.coverage.get("complete")
        else f"{priced} of {held} priced, {stale} stale"
    )


def groups(name: str, title: str, books: Sequence[BookRisk], field: str) -> Table:
    rows: list[Row] = []
    for one in books[:DETAILED]:
        groups: tuple[Group, ...] = getattr(one, field)
        rows.extend(
            Row(
                (
                    label(one.portfolio_id, one.depth),
                    one.currency,
                    part.name,
                    part.long,
                    part.short,
                    part.gross,
                    part.net,
                    part.share,
                )
            )
            for part in groups
        )
    heads = ("Long", "Short", "Gross", "Net")
    columns = (
        *map(Column, ("Portfolio", "Ccy", title.removeprefix("By ").capitalize())),
        *(Column(head, "money") for head in heads),
        Column("Share of gross", "percent"),
    )
    return Table(name, title, columns, tuple(rows))


def concentration(books: Sequence[BookRisk]) -> Table:
    rows = tuple(
        Row(
            (
                label(one.portfolio_id, one.depth),
                one.concentration.details.get("symbol", "") if one.concentration else "",
                share(one.concentration),
                share(one.top5_share),
                number(one.effective_names),
                one.sector_concentration.details.get("name", "") if one.sector_concentration else "",
                share(one.sector_concentration),
            ),
            strong=one.has_members,
        )
        for one in books
    )
    columns = (
        Column("Portfolio"),
        Column("Largest name"),
        Column("Share", "percent"),
        Column("Five largest", "percent"),
        Column("Effective names", "number"),
        Column("Largest sector"),
        Column("Share", "percent"),
    )
    return Table(
        "Concentration", "Names and sectors", columns, rows, "Breached limits are on top of the report."
    )


def number(found: Number | None) -> Cell:
    return Absent("not_stored") if found is None else told(found.value, found.unavailable)


def share(found: Number | None) -> Cell:
    """A measure in percent as a ratio."""
    value = number(found)
    return value / 100.0 if isinstance(value, float) else value
