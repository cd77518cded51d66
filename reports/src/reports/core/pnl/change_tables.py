"""What is not as it was reported, and what is not known."""

from collections.abc import Iterable, Mapping
from typing import Any

from reports.core import figures
from reports.core.document import Absent, Block, Column, Note, Row, Table
from reports.core.pnl.shapes import DailyPnlReport


def restated(report: DailyPnlReport) -> Iterable[Block]:
    since = (
        "the first end of day"
        if report.previous_report_at is None
        else figures.moment(report.previous_report_at)
    )
    if not report.restatements and not report.corrected_bars:
        yield Note(f"Nothing that an earlier report showed has changed since {since}.")
        return
    yield Note(f"What changed since {since}; both numbers stay in the warehouse.")
    if report.restatements:
        yield _restatements(report)
    if report.corrected_bars:
        yield _bars(report)


def _restatements(report: DailyPnlReport) -> Table:
    rows = tuple(
        Row(
            (
                one.date,
                one.portfolio_id,
                one.symbol,
                Absent(one.was_reason or "not_there") if one.was is None else one.was,
                Absent(one.became_reason or "unknown") if one.became is None else one.became,
                None if one.was is None or one.became is None else one.became - one.was,
                one.revision,
                one.recorded_at,
            )
        )
        for one in report.restatements
    )
    columns = (
        Column("Date", "date"),
        Column("Portfolio"),
        Column("Symbol"),
        Column("Was", "money"),
        Column("Is", "money"),
        Column("Change", "money"),
        Column("Revision", "count"),
        Column("Recorded", "moment"),
    )
    return Table("Restatements", "Profit and loss that changed", columns, rows)


def _bars(report: DailyPnlReport) -> Table:
    rows = tuple(
        Row((one.symbol, one.window_start, _fields(one.was), _fields(one.became), one.cause, one.recorded_at))
        for one in report.corrected_bars
    )
    columns = (
        Column("Symbol"),
        Column("Bar", "moment"),
        Column("Was"),
        Column("Is"),
        Column("Cause"),
        Column("Recorded", "moment"),
    )
    return Table("Corrected bars", "Prices that changed", columns, rows)


def _fields(changed: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {changed[name]}" for name in sorted(changed))


def coverage(report: DailyPnlReport) -> Iterable[Block]:
    unknown = [(one.portfolio_id, line) for one in report.portfolios for line in one.unknown]
    if not unknown:
        yield Note("Every position of the month is priced at both closes of each date.")
        return
    rows = tuple(Row((line.date, name, line.symbol, line.reason)) for name, line in unknown)
    columns = (Column("Date", "date"), Column("Portfolio"), Column("Symbol"), Column("Reason"))
    yield Table("Not known", "Positions that are in no sum", columns, rows)
