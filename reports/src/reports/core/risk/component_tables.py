"""What value at risk is made of: the positions that add most to it, and those that take most away."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from quant import sum_money
from reports.core.cells import label, told
from reports.core.document import Absent, Cell, Column, Row, Table
from reports.core.figures import counted
from reports.core.risk.shapes import BookRisk, PositionRisk, TailSplit

ADDING, HEDGING = 5, 3
"""Positions shown of each portfolio; the others are one line."""
_COLUMNS = (
    Column("Portfolio"),
    Column("Ccy"),
    Column("Position"),
    Column("Name"),
    Column("Market value", "money"),
    Column("Adds to VaR", "money"),
    Column("of VaR", "percent"),
    Column("of its value", "percent"),
    Column("Adds to shortfall", "money"),
    Column("of shortfall", "percent"),
)
_NOTE = (
    "Parts add up to the whole (bold); a negative one is a hedge. Those of VaR come from the one scenario "
    "behind it, those of expected shortfall are means over the tail and steadier."
)


def component_table(books: Sequence[BookRisk]) -> Table:
    """The whole and its largest parts, portfolio by portfolio."""
    rows = tuple(
        Row((label(one.portfolio_id, one.depth), one.currency, *cells), strong=place == 0)
        for one in books
        for place, cells in enumerate(_lines(one))
    )
    return Table("VaR parts", "What VaR 99 % is made of", _COLUMNS, rows, _NOTE)


def all_components(books: Sequence[BookRisk]) -> Table:
    """Every position of every portfolio."""
    rows = tuple(
        Row((one.portfolio_id, one.currency, *_part(part))) for one in books for part in one.split.positions
    )
    return Table("All VaR parts", "What VaR 99 % is made of, every position", _COLUMNS, rows)


def _lines(one: BookRisk) -> Iterator[tuple[Cell, ...]]:
    """The whole, what adds most, what hedges most, the others, and those that are not measured."""
    split = one.split
    yield _whole(one, split)
    known = [part for part in split.positions if part.component is not None]
    adding = [part for part in known if (part.component or 0) > 0][:ADDING]
    hedging = [part for part in reversed(known) if (part.component or 0) < 0][:HEDGING]
    yield from map(_part, (*adding, *hedging))
    shown = {part.symbol for part in (*adding, *hedging)}
    others = [part for part in known if part.symbol not in shown]
    if others:
        yield _together(others)
    if known and len(known) < len(split.positions):
        yield _unmeasured(split.positions[len(known) :])


def _whole(one: BookRisk, split: TailSplit) -> tuple[Cell, ...]:
    why = split.unavailable
    return (
        "All",
        counted(len(split.positions), "position"),
        told(one.market_value, None, "unpriced"),
        told(split.var, why),
        told(1.0 if split.var else None, why, "no_risk"),
        None,
        told(split.expected_shortfall, why),
        told(1.0 if split.expected_shortfall else None, why, "no_risk"),
    )


def _part(part: PositionRisk) -> tuple[Cell, ...]:
    lacking = Absent(part.reason or "no_risk")
    numbers = (part.component, part.share, part.marginal, part.shortfall_component, part.shortfall_share)
    return (
        part.symbol,
        part.name,
        told(part.market_value, None, "unpriced"),
        *(lacking if number is None else number for number in numbers),
    )


def _together(parts: Sequence[PositionRisk]) -> tuple[Cell, ...]:
    """What is not shown by itself, as one line; a share is only told where all have one."""
    return (
        "others",
        counted(len(parts), "position"),
        sum_money([part.market_value or Decimal(0) for part in parts]),
        sum_money([part.component or Decimal(0) for part in parts]),
        _sum([part.share for part in parts]),
        None,
        sum_money([part.shortfall_component or Decimal(0) for part in parts]),
        _sum([part.shortfall_share for part in parts]),
    )


def _sum(shares: Sequence[float | None]) -> Cell:
    known = [share for share in shares if share is not None]
    return sum(known) if len(known) == len(shares) else Absent("no_risk")


def _unmeasured(parts: Sequence[PositionRisk]) -> tuple[Cell, ...]:
    lacking = Absent(parts[0].reason or "unknown")
    return ("not measured", counted(len(parts), "position"), *(lacking,) * 6)
