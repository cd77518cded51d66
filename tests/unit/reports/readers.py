"""Reads back what a report wrote for people: the cells of a spreadsheet, the text of a PDF."""

import io
import re
import zipfile
from xml.etree import ElementTree

import pypdfium2

from reports.core.figures import MINUS

Value = str | float | None
_MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet(xlsx: bytes, name: str) -> list[dict[str, Value]]:
    """The rows of a sheet below its head, each cell by the title of its column; numbers as numbers."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        names = [one.attrib["name"] for one in _all(book, "workbook", "m:sheets/m:sheet")]
        texts = ["".join(one.itertext()) for one in _all(book, "sharedStrings", "m:si")]
        path = f"worksheets/sheet{names.index(name) + 1}"
        rows = [_cells(row, texts) for row in _all(book, path, "m:sheetData/m:row")]
    head, *body = rows
    return [{str(title): row.get(column) for column, title in head.items()} for row in body]


def row_of(rows: list[dict[str, Value]], name: str, column: str = "Portfolio") -> dict[str, Value]:
    """The one row of a portfolio, however deep it is indented in the tree."""
    (found,) = [row for row in rows if str(row[column]).strip() == name]
    return found


def pdf_text(pdf: bytes) -> str:
    """All pages, with true minus signs as plain ones and every run of white space as one space."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return re.sub(r"\s+", " ", " ".join(pages).replace(MINUS, "-"))


def html_text(page: bytes) -> str:
    """The same of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.decode()).replace(MINUS, "-"))


def _all(book: zipfile.ZipFile, part: str, path: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(book.read(f"xl/{part}.xml")).findall(path, _MAIN)


def _cells(row: ElementTree.Element, texts: list[str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for cell in row.findall("m:c", _MAIN):
        value = cell.find("m:v", _MAIN)
        if value is not None and value.text is not None:
            column = cell.attrib["r"].rstrip("0123456789")
            found[column] = texts[int(value.text)] if cell.get("t") == "s" else float(value.text)
    return found
