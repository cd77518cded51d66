"""A document as plain values for templates: every cell is text already."""

from collections.abc import Sequence
from typing import Any

from reports.core.document import Absent, Block, Cell, Chart, Column, Document, Note, Row, Table
from reports.core.figures import is_negative, shown

ROWS = 60
"""Longest table of a document that is read; spreadsheet and JSON hold every row."""
NUMERIC = frozenset({"money", "percent", "number", "count"})


def view(document: Document) -> dict[str, Any]:
    """What both templates lay out."""
    return {
        "title": document.title,
        "date": document.date.isoformat(),
        "known_at": shown(document.known_at, "moment"),
        "facts": [list(fact) for fact in document.facts],
        "warnings": list(document.warnings),
        "sections": [
            {"title": one.title, "subtitle": one.subtitle, "blocks": [_block(block) for block in one.blocks]}
            for one in document.sections
        ],
        "footnotes": list(document.footnotes),
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Note():
            return {"kind": "note", "text": block.text}
        case Chart():
            return {"kind": "chart", "title": block.title, "svg": block.svg, "text": block.text}
        case Table():
            return _table(block)


def _table(table: Table) -> dict[str, Any]:
    rows = _kept(table.rows)
    left_out = len(table.rows) - len(rows)
    note = f"{left_out} more rows are in the spreadsheet and in JSON." if left_out else ""
    return {
        "kind": "table",
        "title": table.title,
        "note": " ".join(part for part in (table.note, note, _reasons(rows)) if part),
        "columns": [{"title": one.title, "numeric": one.kind in NUMERIC} for one in table.columns],
        "rows": [
            {
                "strong": row.strong,
                "alarm": row.alarm,
                "cells": [_cell(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)],
            }
            for row in rows
        ],
    }


def _kept(rows: Sequence[Row]) -> list[Row]:
    """The first rows, and of those behind them the totals: a sum must not go missing with its parts."""
    room = max(ROWS - sum(row.strong for row in rows), 0)
    kept: list[Row] = []
    for row in rows:
        if row.strong:
            kept.append(row)
        elif room:
            kept.append(row)
            room -= 1
    return kept[:ROWS]


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    return {
        "text": shown(cell, column.kind),
        "negative": is_negative(cell),
        "why": cell.reason if isinstance(cell, Absent) else "",
    }


def _reasons(rows: Any) -> str:
    found = sorted({cell.reason for row in rows for cell in row.cells if isinstance(cell, Absent)})
    return f"n/a: {', '.join(found)}." if found else ""
