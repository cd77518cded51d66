"""The reports by name, and the files they become."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg
from msgspec import Struct

from reports.adapters.gold import ReportUnavailable
from reports.adapters.pnl import read_pnl
from reports.adapters.risk import read_risk
from reports.core.document import Document
from reports.core.pnl import layout as pnl_layout
from reports.core.pnl.building import daily_pnl
from reports.core.risk import layout as risk_layout
from reports.core.risk.building import risk_exposure
from store.database import Connection, run_transaction

Format = Literal["html", "pdf", "xlsx", "json"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "xlsx", "json")
MEDIA_TYPES: dict[Format, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}

Read = Callable[[Connection, dt.date, dt.datetime | None, Sequence[str] | None], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class ReportKind:
    """How one report is read, built and laid out."""

    name: str
    title: str
    read: Read
    build: Callable[[Any], Struct]
    lay_out: Callable[[Any], Document]


REPORTS: dict[str, ReportKind] = {
    kind.name: kind
    for kind in (
        ReportKind("daily-pnl", pnl_layout.TITLE, read_pnl, daily_pnl, pnl_layout.document),
        ReportKind("risk-exposure", risk_layout.TITLE, read_risk, risk_exposure, risk_layout.document),
    )
}


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is made: its data and its layout."""

    kind: ReportKind
    data: Struct

    def rendered(self, format: Format) -> bytes:
        """The file in one format. The same data gives the same bytes."""
        if format == "json":
            from reports.formats.json import to_json

            return to_json(self.data)
        document = self.kind.lay_out(self.data)
        # Each library is loaded by who needs it: typst alone is 60 MB.
        match format:
            case "html":
                from reports.formats.html import to_html

                return to_html(document)
            case "pdf":
                from reports.formats.pdf import to_pdf

                return to_pdf(document)
            case "xlsx":
                from reports.formats.xlsx import to_xlsx

                return to_xlsx(document)


async def make_report(
    pool: asyncpg.Pool,
    name: str,
    date: dt.date,
    known_at: dt.datetime | None = None,
    portfolio_ids: Sequence[str] | None = None,
) -> Report:
    """A report of a business date as known at a moment, of the portfolios that may be shown (None: all).

    Raises: KeyError for a name that is no report, ReportUnavailable when the warehouse cannot tell.
    """
    kind = REPORTS[name]

    async def read(conn: Connection) -> Any:
        return await kind.read(conn, date, known_at, portfolio_ids)

    try:
        rows = await run_transaction(pool, read, isolation="repeatable_read")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise ReportUnavailable(
            f"the warehouse is not built: {error}", "run `tapeline warehouse build`"
        ) from error
    # In a thread: who answers others meanwhile is not held up by a large report.
    return Report(kind, await asyncio.to_thread(kind.build, rows))
