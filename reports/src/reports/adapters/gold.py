"""What both reports read of schema gold: the moment it is known at, portfolios, names of instruments."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import asyncpg
import msgspec
from msgspec import Struct

from quant import previous_business_date
from quant.money import plain
from reports.core.books import Portfolio
from store.database import Connection

T = TypeVar("T", bound=Struct)

KNOWN = "recorded_at <= {0} AND (superseded_at IS NULL OR superseded_at > {0})"
"""Of a history: what was known at the moment in this parameter."""

# The version that applied at the end of the date; the first one also applies before it.
_VERSIONS = """
SELECT DISTINCT ON ({key}) {columns} FROM gold.{mart} WHERE recorded_at <= $1
 ORDER BY {key}, (valid_from <= $2) DESC, CASE WHEN valid_from <= $2 THEN -revision ELSE revision END
"""
_PORTFOLIOS = _VERSIONS.format(
    key="portfolio_id",
    columns="portfolio_id, name, base_currency AS currency, parent_id",
    mart="mart_report_portfolios",
)
_NAMES = _VERSIONS.format(key="symbol", columns="symbol, name", mart="mart_report_instruments")


FIRST_DATE = dt.date(1970, 1, 1)
"""Event times before it are refused at the intake, so nothing can be known of an earlier date."""


class ReportUnavailable(Exception):
    """A report cannot be made; the text says what is missing, `fix` what brings it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def require_business_date(date: dt.date) -> None:
    """Raises ReportUnavailable for a Saturday or Sunday, and for a date before the first of all ticks."""
    if date < FIRST_DATE:
        raise ReportUnavailable(f"{date} is before {FIRST_DATE}; no tick is older", "ask for a later date")
    if date.weekday() >= 5:
        before = previous_business_date(date)
        raise ReportUnavailable(
            f"{date} is a {date:%A}; business dates are Mondays to Fridays", f"try {before}"
        )


def end_of(date: dt.date) -> dt.datetime:
    """The last microsecond of a UTC date."""
    return dt.datetime.combine(date, dt.time(23, 59, 59, 999_999), dt.UTC)


async def portfolios_at(conn: Connection, date: dt.date, known_at: dt.datetime) -> list[Portfolio]:
    """Every portfolio as it was on the date."""
    return to_structs(await conn.fetch(_PORTFOLIOS, known_at, end_of(date)), Portfolio)


async def names_at(conn: Connection, date: dt.date, known_at: dt.datetime) -> dict[str, str]:
    """Names of instruments by symbol, as they were on the date."""
    rows = await conn.fetch(_NAMES, known_at, end_of(date))
    return {row["symbol"]: row["name"] for row in rows}


def to_structs(rows: Sequence[asyncpg.Record], shape: type[T], **more: Mapping[str, Any]) -> list[T]:
    """Rows as a shape; decimals in their shortest form, `more` looks a field up by symbol."""
    found: list[T] = []
    for row in rows:
        values = {name: plain(v) if isinstance(v, Decimal) else v for name, v in row.items()}
        values |= {name: by_symbol.get(row["symbol"], "") for name, by_symbol in more.items()}
        found.append(msgspec.convert(values, shape))
    return found
