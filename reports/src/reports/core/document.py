"""A report as something to lay out: facts, warnings and sections of tables, charts and notes.

It says what a cell is, not how it looks: HTML and PDF write it as text, a spreadsheet as a number.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

Kind = Literal["text", "money", "percent", "number", "count", "date", "moment"]
"""Of a column. Money has two places, percent takes a ratio (0.01 is 1 %), number has four digits."""


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no number, and why: one word of a closed list."""

    reason: str


Cell: TypeAlias = str | Decimal | float | int | dt.date | dt.datetime | Absent | None
"""None is an empty cell: nothing is said there. What is not known is Absent."""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column and what its cells are."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one line; a strong one is a total, one with an alarm asks somebody to act."""

    cells: tuple[Cell, ...]
    strong: bool = False
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is the sheet of a spreadsheet and the same for all tables that continue each other."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row.cells) != len(self.columns)]
        if wrong:
            raise ValueError(f"table {self.title}: {wrong[0]} has not {len(self.columns)} cells")


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as SVG, with the sentence that says the same to those who do not see it."""

    title: str
    svg: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph."""

    text: str


Block: TypeAlias = Table | Chart | Note


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with what stands below it."""

    title: str
    blocks: tuple[Block, ...]
    subtitle: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What is laid out. `warnings` stand on top: what the numbers lack."""

    name: str
    title: str
    date: dt.date
    known_at: dt.datetime
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    details: tuple[Table, ...] = ()
    """long lists: in the spreadsheet only"""
