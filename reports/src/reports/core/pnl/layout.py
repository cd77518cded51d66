"""The Daily Portfolio PnL report as a document."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from reports.core import figures
from reports.core.document import Document, Section
from reports.core.pnl import footnotes
from reports.core.pnl.book_tables import performance, split, summary
from reports.core.pnl.change_tables import coverage, restated
from reports.core.pnl.detail_tables import all_lines, all_movers
from reports.core.pnl.portfolio_section import portfolio
from reports.core.pnl.shapes import BookPnl, DailyPnlReport

TITLE = "Daily Portfolio PnL"
DETAILED = 25
"""Portfolios with a section of their own; a document of a thousand would not be read."""


def document(report: DailyPnlReport) -> Document:
    """Summary first, then each portfolio, then what is not sure."""
    detailed = _detailed(report.portfolios)
    return Document(
        name=report.report,
        title=TITLE,
        date=report.date,
        known_at=report.known_at,
        facts=(
            ("Business date", f"{report.date:%A}, {report.date}"),
            ("As of", "official closes of the date; exchange rates of 17:00 New York"),
            ("Known at", figures.moment(report.known_at)),
            ("Portfolios", str(len(report.portfolios))),
        ),
        warnings=tuple(_warnings(report)),
        sections=(
            Section("Summary", summary(report.portfolios)),
            Section("Where it came from", (split("Split of the day", "day", report.portfolios),
                                           split("Split of the month", "month", report.portfolios))),
            Section("Performance", (performance(report.portfolios),)),
            *(portfolio(one) for one in detailed),
            Section("Restatements since the report before", tuple(restated(report))),
            Section("Coverage", tuple(coverage(report))),
        ),
        footnotes=footnotes.TEXTS,
        details=(all_lines(report.portfolios), all_movers(report.portfolios)),
    )  # fmt: skip


def _detailed(portfolios: Sequence[BookPnl]) -> list[BookPnl]:
    """The roots, then the largest returns of the day, up or down; shown in tree order."""

    def rank(one: BookPnl) -> tuple[int, Decimal, str]:
        return one.depth, -abs(one.day.time_weighted_return or Decimal(0)), one.portfolio_id

    chosen = {one.portfolio_id for one in sorted(portfolios, key=rank)[:DETAILED]}
    return [one for one in portfolios if one.portfolio_id in chosen]


def _warnings(report: DailyPnlReport) -> Iterable[str]:
    missing = sorted({day for one in report.portfolios for day in one.month.missing_days})
    if missing:
        named = ", ".join(map(str, missing[:5])) + (" ..." if len(missing) > 5 else "")
        dates = figures.counted(len(missing), "date")
        yield f"No end of day on {dates} of the month ({named}): sums over them are n/a."
    today = sum(one.day.unknown for one in report.portfolios)
    if today:
        yield f"{figures.counted(today, 'position')} not known on the date and in no sum; see Coverage."
    if report.restatements:
        lines = figures.counted(len(report.restatements), "line")
        yield f"{lines} changed since an earlier report; see Restatements."
    if not report.portfolios:
        yield "There is no portfolio to show."
