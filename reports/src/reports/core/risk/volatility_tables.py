"""Who moves most: volatility in the Risk Exposure report."""

from collections.abc import Sequence

from reports.core.cells import told
from reports.core.document import Column, Row, Table
from reports.core.risk.exposure_tables import number
from reports.core.risk.shapes import BookRisk, RiskExposureReport

VOLATILE = 15


def volatility(books: Sequence[BookRisk]) -> Table:
    def rank(one: BookRisk) -> tuple[float, str]:
        found = one.volatility_20d
        return (0.0 if found is None or found.value is None else -found.value, one.portfolio_id)

    rows = tuple(
        Row(
            (
                place,
                one.portfolio_id,
                number(one.volatility_20d),
                number(one.volatility_ewma),
                number(one.max_drawdown),
            )
        )
        for place, one in enumerate(sorted(books, key=rank), start=1)
    )
    columns = (
        Column("Rank", "count"),
        Column("Portfolio"),
        Column("20 days, p.a.", "percent"),
        Column("Weighted, p.a.", "percent"),
        Column("Drawdown, 500 days", "percent"),
    )
    return Table(
        "Volatility", "Portfolios by volatility", columns, rows, "Of today's book held through the past."
    )


def _instrument_rows(report: RiskExposureReport) -> list[Row]:
    return [
        Row((place, one.symbol, one.name, told(one.volatility, one.unavailable), one.last_close))
        for place, one in enumerate(report.volatilities, start=1)
    ]


_INSTRUMENT_COLUMNS = (
    Column("Rank", "count"),
    Column("Symbol"),
    Column("Name"),
    Column("20 days, p.a.", "percent"),
    Column("Last close", "date"),
)


def instruments(report: RiskExposureReport) -> Table:
    rows = tuple(_instrument_rows(report)[:VOLATILE])
    note = (
        f"The first {VOLATILE} of {len(report.volatilities)} held."
        if len(report.volatilities) > VOLATILE
        else ""
    )
    return Table("", "Held instruments by volatility", _INSTRUMENT_COLUMNS, rows, note)


def all_instruments(report: RiskExposureReport) -> Table:
    return Table(
        "Instruments", "Held instruments by volatility", _INSTRUMENT_COLUMNS, tuple(_instrument_rows(report))
    )
