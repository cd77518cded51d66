"""Reads final bars. Every statement has a fixed text; what varies are its parameters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from contracts import Bar

Revisions = Literal["latest", "all"]

_COLUMNS = """
    symbol, window_start, window_end, open, high, low, close, vwap, volume, trades, currency, status,
    revision, first_tick_id, last_tick_id, as_of, recorded_at,
    close_reporting, reporting_currency, reporting_rate
"""
_KNOWN = "symbol = $1 AND recorded_at <= coalesce($2::timestamptz, 'infinity')"
_BARS: dict[Revisions, str] = {
    "all": f"SELECT {_COLUMNS} FROM ops.price_bar WHERE {_KNOWN}",  # noqa: S608  constants above
    "latest": f"""
SELECT {_COLUMNS} FROM (
    SELECT DISTINCT ON (window_start) * FROM ops.price_bar WHERE {_KNOWN} ORDER BY window_start, revision DESC
) AS known WHERE true""",  # noqa: S608  constants above
}
_AFTER = """
   AND ($3::timestamptz IS NULL OR window_start >= $3) AND ($4::timestamptz IS NULL OR window_start < $4)
   AND ($5::timestamptz IS NULL OR (window_start, revision) > ($5, $6))
 ORDER BY window_start, revision LIMIT $7
"""
_NEWEST = """
   AND ($3::timestamptz IS NULL OR window_start < $3)
 ORDER BY window_start DESC, revision DESC LIMIT $4
"""


class BarReader:
    """Reads of ops.price_bar over one pool; `known_at` leaves out what was recorded later."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def after(
        self,
        symbol: str,
        span: tuple[datetime | None, datetime | None],
        after: tuple[datetime, int] | None,
        limit: int,
        *,
        revisions: Revisions,
        known_at: datetime | None,
    ) -> list[Bar]:
        """Bars with window_start in [from, to) behind the key `after`, oldest first."""
        window, revision = after or (None, 0)
        sql = _BARS[revisions] + _AFTER
        rows = await self._pool.fetch(sql, symbol, known_at, *span, window, revision, limit)
        return [_bar(row) for row in rows]

    async def newest(
        self,
        symbol: str,
        end: datetime | None,
        limit: int,
        *,
        revisions: Revisions,
        known_at: datetime | None,
    ) -> list[Bar]:
        """The last bars with window_start < end, oldest first."""
        rows = await self._pool.fetch(_BARS[revisions] + _NEWEST, symbol, known_at, end, limit)
        return [_bar(row) for row in reversed(rows)]


def _bar(row: Mapping[str, Any]) -> Bar:
    return msgspec.convert(dict(row), Bar)
