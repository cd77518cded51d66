"""Value at risk and expected shortfall of the Risk Exposure report."""

from collections.abc import Sequence

from reports.core import charts, figures
from reports.core.cells import label, told
from reports.core.document import Cell, Chart, Column, Row, Table
from reports.core.risk.shapes import BookRisk, TailRisk

BASEL_BP = 9900
DRAWN = 25
"""Portfolios in a chart."""


def tail_table(name: str, title: str, books: Sequence[BookRisk], *, highest: bool) -> Table:
    found = [
        (one, tail) for one in books for tail in one.tails if (tail.confidence_bp == BASEL_BP) == highest
    ]
    found.sort(key=lambda pair: -pair[1].confidence_bp)
    columns = (
        Column("Portfolio"),
        Column("Ccy"),
        Column("Confidence", "percent"),
        Column("VaR", "money"),
        Column("Interval from", "money"),
        Column("to", "money"),
        Column("of gross", "percent"),
        Column("Expected shortfall", "money"),
        Column("Scenario", "date"),
        Column("k of N"),
        Column("Window"),
        Column("Method"),
    )
    rows = tuple(Row(_tail(one, tail), strong=one.has_members) for one, tail in found)
    return Table(name, title, columns, rows, _interval_note([tail for _, tail in found]))


def _tail(one: BookRisk, tail: TailRisk) -> tuple[Cell, ...]:
    bound = tail.unavailable
    return (
        label(one.portfolio_id, one.depth),
        one.currency,
        tail.confidence_bp / 10_000,
        told(tail.var, tail.unavailable),
        told(tail.interval_lower, bound, "unbounded"),
        told(tail.interval_upper, bound, "unbounded"),
        told(tail.percent_of_gross, tail.unavailable, "flat_book"),
        told(tail.expected_shortfall, tail.shortfall_unavailable),
        tail.scenario_date,
        "" if tail.k is None else f"{tail.k} of {tail.scenarios}",
        "" if tail.window_start is None else f"{tail.window_start} to {tail.window_end}",
        f"{tail.method}, {tail.horizon_days} d",
    )


def _interval_note(tails: Sequence[TailRisk]) -> str:
    found = sorted({tail.interval_coverage for tail in tails if tail.interval_coverage is not None})
    if not found:
        return ""
    ends = " to ".join(figures.percent(one) for one in dict.fromkeys((found[0], found[-1])))
    return f"The interval holds with a probability of {ends}."


def tail_chart(books: Sequence[BookRisk]) -> tuple[Chart, ...]:
    bars: list[charts.NamedBar] = []
    for one in books[:DRAWN]:
        tail = next((tail for tail in one.tails if tail.confidence_bp == BASEL_BP), None)
        if tail is not None and tail.percent_of_gross is not None and one.gross:
            gross = float(one.gross)
            lower, upper = (
                None if v is None else v / gross for v in (tail.interval_lower, tail.interval_upper)
            )
            shown = figures.percent(tail.percent_of_gross)
            bars.append(charts.NamedBar(one.portfolio_id, tail.percent_of_gross, shown, lower, upper))
    if not bars:
        return ()
    text = "; ".join(f"{bar.label} {bar.text}" for bar in bars)
    title = "VaR 99 % of gross exposure, with its interval"
    return (Chart(title, charts.by_name(bars, f"{title}: {text}"), text),)
