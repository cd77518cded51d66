"""A document as a spreadsheet: numbers as numbers, one sheet for each table, nothing cut."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.core.document import Absent, Cell, Column, Document, Kind, Row, Table

WIDEST = 40
_NUMBERS: dict[Kind, str] = {
    "money": "#,##0.00;[Red]-#,##0.00",
    "percent": "0.00%;[Red]-0.00%",
    "number": "#,##0.####;[Red]-#,##0.####",
    "count": "#,##0;[Red]-#,##0",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
}


def to_xlsx(document: Document) -> bytes:
    """The bytes of a .xlsx file. Spreadsheets hold binary fractions: the exact amounts are in JSON."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    # Without it the file says when it was made, and would be another one each time.
    book.set_properties(
        {"title": f"{document.title} {document.date}", "created": document.known_at.replace(tzinfo=None)}
    )
    styles = _Styles(book)
    _cover(book.add_worksheet("Report"), document, styles)
    tables = [
        block for one in document.sections for block in one.blocks if isinstance(block, Table) and block.name
    ]
    for table in (*tables, *document.details):
        _sheet(book.add_worksheet(table.name), table, styles)
    book.close()
    return target.getvalue()


class _Styles:
    """Cell formats by kind of column, plain and strong, made on first use."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._found: dict[tuple[str, bool], Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
        self.bold = book.add_format({"bold": True})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.absent = book.add_format({"italic": True, "align": "right", "font_color": "#5b6470"})

    def of(self, kind: Kind, *, strong: bool) -> Format:
        """The format of a cell."""
        key = (kind, strong)
        if key not in self._found:
            wanted: dict[str, Any] = {"bold": strong}
            if kind in _NUMBERS:
                wanted["num_format"] = _NUMBERS[kind]
            self._found[key] = self._book.add_format(wanted)
        return self._found[key]


def _cover(sheet: Worksheet, document: Document, styles: _Styles) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
    sheet.write_string(0, 0, document.title, styles.title)
    care = [("Read with care", text) for text in document.warnings]
    for line, (name, text) in enumerate(
        (*document.facts, *care, *(("Method", one) for one in document.footnotes))
    ):
        sheet.write_string(line + 2, 0, name, styles.bold)
        sheet.write_string(line + 2, 1, text, styles.wrapped)


def _sheet(sheet: Worksheet, table: Table, styles: _Styles) -> None:
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.title, styles.head)
        sheet.set_column(place, place, _width(column, place, table.rows))
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    for line, row in enumerate(table.rows, start=1):
        for place, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
            _write(sheet, (line, place), cell, column, row, styles)
    if table.note:
        sheet.write_string(len(table.rows) + 2, 0, table.note)


def _write(
    sheet: Worksheet, at: tuple[int, int], cell: Cell, column: Column, row: Row, styles: _Styles
) -> None:
    style = styles.of(column.kind, strong=row.strong)
    match cell:
        case None:
            return
        case Absent():
            sheet.write_string(*at, f"n/a ({cell.reason})", styles.absent)
        case str():
            # Never as a formula, whatever an instrument is called.
            sheet.write_string(*at, cell, style)
        case dt.datetime():
            sheet.write_datetime(*at, cell.astimezone(dt.UTC).replace(tzinfo=None), style)
        case dt.date():
            sheet.write_datetime(*at, dt.datetime.combine(cell, dt.time()), style)
        case Decimal() | float() | int():
            sheet.write_number(*at, float(cell), style)


def _width(column: Column, place: int, rows: tuple[Row, ...]) -> int:
    if column.kind != "text":
        return max(16, len(column.title))
    longest = max((len(cell) for row in rows[:200] if isinstance(cell := row.cells[place], str)), default=0)
    return min(max(longest, len(column.title), 8) + 2, WIDEST)
