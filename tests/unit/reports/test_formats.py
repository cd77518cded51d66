"""Documents as files: what people read, what a spreadsheet holds, and that nothing else gets in."""

import datetime as dt
import io
import json
import zipfile
from dataclasses import replace
from decimal import Decimal as D

import pypdfium2
import pytest
from tests.unit.reports.books import KNOWN, MONDAY, line, pnl_rows
from tests.unit.reports.readers import html_text, pdf_text, row_of, sheet
from tests.unit.reports.risks import BOOK, closing, limit, position, risk_rows

from reports.catalog import FORMATS, REPORTS, Report
from reports.core import figures
from reports.core.document import Absent, Column, Document, Row, Section, Table
from reports.core.pnl.building import daily_pnl
from reports.core.risk.building import risk_exposure
from reports.formats.html import to_html
from reports.formats.pdf import to_pdf
from reports.formats.view import ROWS, view
from reports.formats.xlsx import to_xlsx

COLUMNS = (Column("Name"), Column("P&L", "money"), Column("Share", "percent"))


def document(*rows: Row) -> Document:
    return Document(
        name="test",
        title="A report",
        date=MONDAY,
        known_at=KNOWN,
        facts=(("Known at", "then"),),
        warnings=(),
        sections=(Section("Numbers", (Table("Numbers", "All", COLUMNS, rows),)),),
        footnotes=("How it is made.",),
    )


def test_every_format_tells_the_same_numbers() -> None:
    """The exact ones are in JSON; what is read shows them with two places, and a spreadsheet as numbers."""
    made = Report(REPORTS["daily-pnl"], daily_pnl(pnl_rows(lines=[line("AIG", "-1234567.891")])))
    (book,) = json.loads(made.rendered("json"))["portfolios"]
    told = D(book["closing_value"]), D(book["day"]["parts"]["total"])
    row = row_of(sheet(made.rendered("xlsx"), "Summary"), "US")
    assert (row["Closing value"], row["Day"]) == tuple(map(float, told)) == (1010.0, 10.0)
    for text in (pdf_text(made.rendered("pdf")), html_text(made.rendered("html"))):
        assert all(f"{amount:,.2f}" in text for amount in told)
        assert "-1,234,567.89" in text


def text_of(pdf: bytes) -> list[str]:
    pages = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in pages]


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        (D("-1234567.891"), "money", "−1,234,567.89"),
        (D("0.005"), "money", "0.00"),
        (D("-0.001"), "money", "0.00"),
        (D("-0.0123"), "percent", "−1.23 %"),
        (-0.000001, "percent", "0.00 %"),
        (0.31234, "number", "0.3123"),
        (-12345.6, "number", "−12,346"),
        (12000, "count", "12,000"),
        (MONDAY, "date", "2013-10-07"),
        (KNOWN, "moment", "2013-10-07 22:30:00 UTC"),
        (Absent("no_price"), "money", "n/a"),
        (None, "money", ""),
    ],
)
def test_numbers_read_alike_everywhere(cell: object, kind: str, shown: str) -> None:
    assert figures.shown(cell, kind) == shown  # type: ignore[arg-type]


def test_ages_show_their_two_largest_units() -> None:
    assert [figures.age(s) for s in (0, 59, 3600, 90_061)] == ["0 s", "59 s", "1 h", "1 d 1 h"]


def test_a_table_with_a_cell_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="3 cells"):
        document(Row(("A", D(1))))


def test_names_cannot_become_markup_or_formulas() -> None:
    rows = Row(("<script>alert(1)</script>", D(-1), 0.5)), Row(("=HYPERLINK(1)", D(2), None))
    page = to_html(document(*rows)).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    with zipfile.ZipFile(io.BytesIO(to_xlsx(document(*rows)))) as book:
        assert b"<f>" not in b"".join(book.read(name) for name in book.namelist())
    markup = "#HYPERLINK *x* $y$"
    assert markup in "".join(text_of(to_pdf(document(Row((markup, D(1), None))))))


def test_what_is_not_known_says_why_and_a_loss_is_seen_without_colour() -> None:
    page = to_html(document(Row(("A", D(-5), Absent("no_price"))))).decode()
    assert '<td class="n neg">−5.00</td>' in page
    assert '<td title="no_price" class="n na">n/a</td>' in page
    assert "n/a: no_price." in page


def test_a_long_table_is_cut_where_people_read_and_whole_in_the_spreadsheet() -> None:
    long = document(*(Row((f"N{n:04}", D(n), None)) for n in range(ROWS + 40)))
    (table,) = view(long)["sections"][0]["blocks"]
    assert len(table["rows"]) == ROWS
    assert "40 more rows" in table["note"]
    with zipfile.ZipFile(io.BytesIO(to_xlsx(long))) as book:
        assert f"N{ROWS + 39:04}".encode() in book.read("xl/sharedStrings.xml")


def test_the_totals_behind_a_cut_stay_in_their_order() -> None:
    rows = [Row((f"N{n:04}", D(n), None), strong=n % 50 == 0) for n in range(ROWS + 90)]
    (table,) = view(document(*rows))["sections"][0]["blocks"]
    names = [row["cells"][0]["text"] for row in table["rows"]]
    assert len(names) == ROWS
    assert names == sorted(names)
    assert {"N0000", "N0050", "N0100"} <= set(names)
    assert "90 more rows" in table["note"]


def test_a_pdf_has_numbered_pages_and_what_it_was_known_at() -> None:
    pages = text_of(to_pdf(document(*(Row((f"N{n}", D(n), None)) for n in range(ROWS)))))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Known at 2013-10-07 22:30:00 UTC" in page


def test_another_moment_is_another_file_and_the_same_one_the_same() -> None:
    one = document(Row(("A", D(1), 0.5)))
    later = replace(one, known_at=KNOWN + dt.timedelta(hours=1))
    for write in (to_pdf, to_xlsx, to_html):
        assert write(one) == write(one)
        assert write(one) != write(later)


def test_a_daily_report_says_first_what_it_lacks() -> None:
    rows = pnl_rows(frozen=frozenset({MONDAY}), lines=[line("AIG", "10"), line("XYZ", None)])
    report = Report(REPORTS["daily-pnl"], daily_pnl(rows))
    page = report.rendered("html").decode()
    assert page.index("Read with care") < page.index("<h2>Summary")
    assert "No end of day on 4 dates of the month (2013-10-01" in page
    assert [len(report.rendered(form)) > 1000 for form in FORMATS] == [True] * 4
    assert json.loads(report.rendered("json"))["complete"] is False


def test_a_risk_report_has_breaches_on_top_and_no_zero_for_what_is_missing() -> None:
    breach = limit("us-var", "BREACH", breach_id="us-var:2", armed_state="BREACH", severity=1)
    book = closing(*BOOK, position("XYZ", None))
    report = Report(
        REPORTS["risk-exposure"], risk_exposure(risk_rows(limits=[breach], closings={"US": book}))
    )
    (first, *rest) = text_of(report.rendered("pdf"))
    assert "1 limit breached: us-var." in first
    assert report.rendered("html").count(b'<tr class="alarm">') == 2  # of those to act on, and of all
    assert "US: 1 position unpriced and 0 stale of 4." in first
    assert "VaR 99 %" in first
    assert "black_monday_1987" in "".join(rest)
