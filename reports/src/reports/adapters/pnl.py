"""Reads what the Daily Portfolio PnL report is made of."""

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from quant import period_dates, previous_business_date
from reports.adapters.gold import (
    KNOWN,
    ReportUnavailable,
    names_at,
    portfolios_at,
    require_business_date,
    to_structs,
)
from reports.core.books import allowed, held_since
from reports.core.pnl.periods import volatility_dates
from reports.core.pnl.rows import (
    BookDay,
    CorrectedBar,
    DayLine,
    PnlRows,
    Restatement,
    SymbolTotal,
    UnknownLine,
)
from store.database import Connection

_HISTORY = "gold.fact_pnl_daily_history"
_NEWEST = f"""
SELECT max(recorded_at) FROM {_HISTORY}
 WHERE date BETWEEN $1 AND $2 AND ($3::timestamptz IS NULL OR recorded_at <= $3)
HAVING bool_or(date = $2)
"""  # noqa: S608  (no value is put into the text)
_SINCE = f"SELECT min(recorded_at) FROM {_HISTORY} WHERE date = $1 AND recorded_at <= $2"  # noqa: S608
_FROZEN = f"SELECT DISTINCT date FROM {_HISTORY} WHERE date BETWEEN $1 AND $2 AND recorded_at <= $3"  # noqa: S608
_SHOWN = f"FROM {_HISTORY} WHERE {KNOWN.format('$1')} AND portfolio_id = ANY($2)"
_DAYS = f"""
SELECT portfolio_id, date,
       coalesce(sum(price) FILTER (WHERE reason IS NULL), 0) AS price,
       coalesce(sum(fx) FILTER (WHERE reason IS NULL), 0) AS fx,
       coalesce(sum(trading) FILTER (WHERE reason IS NULL), 0) AS trading,
       coalesce(sum(income) FILTER (WHERE reason IS NULL), 0) AS income,
       coalesce(sum(fees) FILTER (WHERE reason IS NULL), 0) AS fees,
       coalesce(sum(total) FILTER (WHERE reason IS NULL), 0) AS total,
       coalesce(sum(opening_value) FILTER (WHERE reason IS NULL), 0) AS opening_value,
       coalesce(sum(closing_value) FILTER (WHERE reason IS NULL), 0) AS closing_value,
       CASE WHEN bool_and(realized IS NOT NULL) FILTER (WHERE reason IS NULL)
            THEN sum(realized) END AS realized,
       count(*) FILTER (WHERE reason IS NULL) AS known,
       count(*) FILTER (WHERE reason IS NOT NULL) AS unknown
  {_SHOWN} AND date BETWEEN $3 AND $4 GROUP BY portfolio_id, date
"""
_LINES = f"""
SELECT portfolio_id, symbol, price, fx, trading, income, fees, total, closing_value, reason
  {_SHOWN} AND date = $3
"""
_MONTH = f"""
SELECT portfolio_id, symbol, sum(total) AS total
  {_SHOWN} AND date BETWEEN $3 AND $4 AND reason IS NULL GROUP BY portfolio_id, symbol
"""
_UNKNOWN = f"""
SELECT portfolio_id, symbol, date, reason {_SHOWN} AND date BETWEEN $3 AND $4 AND reason IS NOT NULL
"""
# A line is restated against the report before; on a date frozen after that, against its first end of day.
_RESTATED = f"""
WITH first_report AS (
    SELECT date, greatest(min(recorded_at), $5) AS made_at
      FROM {_HISTORY} WHERE date BETWEEN $3 AND $4 AND recorded_at <= $1 GROUP BY date
)
SELECT line.portfolio_id, line.symbol, line.date, line.revision, line.recorded_at,
       before.total AS was, before.reason AS was_reason, line.total AS became, line.reason AS became_reason
  FROM (SELECT * {_SHOWN} AND date BETWEEN $3 AND $4) AS line
  JOIN first_report ON first_report.date = line.date AND line.recorded_at > first_report.made_at
  LEFT JOIN LATERAL (
      SELECT total, reason FROM {_HISTORY} AS older
       WHERE older.portfolio_id = line.portfolio_id AND older.symbol = line.symbol AND older.date = line.date
         AND older.recorded_at <= first_report.made_at
       ORDER BY older.revision DESC LIMIT 1
  ) AS before ON true
 WHERE before.total IS DISTINCT FROM line.total OR before.reason IS DISTINCT FROM line.reason
"""  # noqa: S608
_BARS = """
SELECT split_part(row_key, '|', 1) AS symbol, split_part(row_key, '|', 2) AS window_start,
       was, became, cause, recorded_at
  FROM gold.mart_report_restatements
 WHERE relation = 'price_bar' AND recorded_at > $1 AND recorded_at <= $2
   AND split_part(row_key, '|', 1) = ANY($3)
"""
_FIRST_HELD = """
SELECT portfolio_id, min(first_held) AS first_held
  FROM gold.mart_report_first_held WHERE recorded_at <= $1 GROUP BY portfolio_id
"""


class _Held(Struct, frozen=True, kw_only=True):
    portfolio_id: str
    first_held: dt.date


async def read_pnl(
    conn: Connection, date: dt.date, known_at: dt.datetime | None, portfolio_ids: Sequence[str] | None
) -> PnlRows:
    """Everything of the report, from one snapshot; without a moment what is known now.

    Raises: ReportUnavailable for a date that is no business date or has no end of day.
    """
    require_business_date(date)
    first = min(period_dates("ytd", date)[0], volatility_dates(date)[0])
    known = await conn.fetchval(_NEWEST, first, date, known_at)
    if known is None:
        when = "" if known_at is None else f" at {known_at.isoformat()}"
        raise ReportUnavailable(
            f"no profit and loss of {date} is known{when}", f"run `tapeline eod --date {date}`"
        )
    known = known_at or known
    books = await portfolios_at(conn, date, known)
    shown = allowed(books, portfolio_ids)
    ids, month = [one.portfolio_id for one in shown], period_dates("mtd", date)[0]
    names = await names_at(conn, date, known)
    held = to_structs(await conn.fetch(_FIRST_HELD, known), _Held)
    lines = to_structs(await conn.fetch(_LINES, known, ids, date), DayLine, name=names)
    since = await conn.fetchval(_SINCE, previous_business_date(date), known)
    since = since or await conn.fetchval(_SINCE, date, known)
    return PnlRows(
        date=date,
        known_at=known,
        since=since,
        portfolios=shown,
        days=to_structs(await conn.fetch(_DAYS, known, ids, first, date), BookDay),
        lines=lines,
        month=to_structs(await conn.fetch(_MONTH, known, ids, month, date), SymbolTotal, name=names),
        unknown=to_structs(await conn.fetch(_UNKNOWN, known, ids, month, date), UnknownLine),
        restatements=to_structs(await conn.fetch(_RESTATED, known, ids, first, date, since), Restatement),
        bars=to_structs(
            await conn.fetch(_BARS, since, known, sorted({one.symbol for one in lines})), CorrectedBar
        ),
        frozen=frozenset(row["date"] for row in await conn.fetch(_FROZEN, first, date, known)),
        first_held=held_since(books, {one.portfolio_id: one.first_held for one in held}),
    )
