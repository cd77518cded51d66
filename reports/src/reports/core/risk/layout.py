"""The Risk Exposure report as a document."""

from collections.abc import Iterable, Sequence

from reports.core import figures
from reports.core.document import Document, Section
from reports.core.risk import footnotes
from reports.core.risk.component_tables import all_components, component_table
from reports.core.risk.exposure_tables import concentration, groups, worth
from reports.core.risk.limit_tables import limit_tables
from reports.core.risk.shapes import LimitState, RiskExposureReport
from reports.core.risk.stress_tables import all_stresses, backtest, stress_table, unreached
from reports.core.risk.tail_tables import tail_chart, tail_table
from reports.core.risk.volatility_tables import all_instruments, instruments, volatility

TITLE = "Risk Exposure"


def document(report: RiskExposureReport) -> Document:
    """Limits to act on first, then risk, exposure, stress and backtest."""
    books = report.portfolios
    return Document(
        name=report.report,
        title=TITLE,
        date=report.date,
        known_at=report.known_at,
        facts=(
            ("Business date", f"{report.date:%A}, {report.date}"),
            ("As of", "n/a" if report.as_of is None else f"{figures.moment(report.as_of)}, official close"),
            ("Known at", figures.moment(report.known_at)),
            ("Portfolios", str(len(books))),
        ),
        warnings=tuple(_warnings(report)),
        sections=(
            Section("Limits", tuple(limit_tables(report.limits))),
            Section("Value at risk and expected shortfall", (
                tail_table("VaR 99 %", "One day, 99 %", books, highest=True),
                *tail_chart(books),
                tail_table("VaR other", "One day, other confidences", books, highest=False),
                component_table(books),
            )),
            Section("Exposure", (
                worth(books),
                groups("By class", "By asset class", books, "by_asset_class"),
                groups("By currency", "By currency", books, "by_currency"),
            )),
            Section("Concentration", (concentration(books),)),
            Section("Volatility", (volatility(books), instruments(report))),
            Section("Stress", (stress_table(books), *unreached(books))),
            Section("Backtest", (backtest(books),)),
        ),
        footnotes=footnotes.TEXTS,
        details=(all_components(books), all_stresses(books), all_instruments(report)),
    )  # fmt: skip


def _warnings(report: RiskExposureReport) -> Iterable[str]:
    yield from _limit_warnings(report.limits)
    for one in report.portfolios:
        if one.as_of is None:
            yield f"{one.portfolio_id} has no official value of the date."
        elif not one.coverage.get("complete"):
            unpriced = figures.counted(one.coverage.get("unpriced", 0), "position")
            stale, held = one.coverage.get("stale", 0), one.coverage.get("positions", 0)
            yield f"{one.portfolio_id}: {unpriced} unpriced and {stale} stale of {held}."
        elif not any(tail.var is not None for tail in one.tails):
            yield f"{one.portfolio_id} has no value at risk."


def _limit_warnings(limits: Sequence[LimitState]) -> Iterable[str]:
    """The state counts, not the live event: a breach that only the close shows has none, and a live one may
    have ended by the close."""
    breached = [one.limit_id for one in limits if one.state == "BREACH"]
    if breached:
        yield f"{figures.counted(len(breached), 'limit')} breached: {_first(breached)}."
    live = [one.limit_id for one in limits if one.breach_open and one.state != "BREACH"]
    if live:
        where = "a limit that is" if len(live) == 1 else "limits that are"
        opened = "1 live breach" if len(live) == 1 else f"{len(live)} live breaches"
        yield f"{opened} still open on {where} not breached at the close: {_first(live)}."
    unknown = [one.limit_id for one in limits if one.state in ("UNKNOWN", "NOT_JUDGED")]
    if unknown:
        yield f"{figures.counted(len(unknown), 'limit')} not judged: {_first(unknown)}."


def _first(names: Sequence[str]) -> str:
    """As many as a headline holds."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
