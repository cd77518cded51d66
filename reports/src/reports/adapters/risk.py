"""Reads what the Risk Exposure report is made of."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from contracts import Valuation
from measuring.settings import MeasuringSettings
from reports.adapters.gold import (
    KNOWN,
    ReportUnavailable,
    names_at,
    portfolios_at,
    require_business_date,
    to_structs,
)
from reports.adapters.history import read_history
from reports.core.books import allowed
from reports.core.risk.backtests import CONFIDENCE_BP, DAYS
from reports.core.risk.rows import Component, Limit, Metric, RiskRows, TestedDay
from store.database import Connection

# A business date ends at 17:00 New York and takes in the weekend before it; the span only helps the index.
_OF_DATE = "basis = 'bar' AND date = $1 AND as_of BETWEEN $1 - interval '4 days' AND $1 + interval '2 days'"
_NEWEST = f"""
SELECT greatest(
    (SELECT max(recorded_at) FROM gold.fact_portfolio_valuation_history
      WHERE {_OF_DATE} AND ($2::timestamptz IS NULL OR recorded_at <= $2)),
    (SELECT max(recorded_at) FROM gold.fact_risk_metrics_history
      WHERE {_OF_DATE} AND ($2::timestamptz IS NULL OR recorded_at <= $2)),
    (SELECT max(recorded_at) FROM gold.fact_var_components_history
      WHERE {_OF_DATE} AND ($2::timestamptz IS NULL OR recorded_at <= $2)),
    (SELECT max(recorded_at) FROM gold.mart_report_limit_closes
      WHERE date = $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)),
    (SELECT max(recorded_at) FROM gold.mart_report_limit_events
      WHERE date = $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)))
 WHERE EXISTS (SELECT FROM gold.fact_portfolio_valuation_history
      WHERE {_OF_DATE} AND ($2::timestamptz IS NULL OR recorded_at <= $2))
"""  # noqa: S608  (no value is put into the text)
_CLOSINGS = f"""
SELECT DISTINCT ON (portfolio_id) * FROM gold.fact_portfolio_valuation_history
 WHERE {_OF_DATE} AND {KNOWN.format("$2")} AND portfolio_id = ANY($3)
 ORDER BY portfolio_id, as_of DESC
"""  # noqa: S608
# By revision: a position that a restatement has taken out of the book has an older line only.
_LINES = """
SELECT line.* FROM gold.fact_positions_history AS line
  JOIN unnest($1::text[], $2::timestamptz[], $3::int[]) AS closing(portfolio_id, as_of, revision)
    USING (portfolio_id, as_of, revision)
 WHERE line.basis = 'bar' ORDER BY portfolio_id, symbol
"""
_METRICS = f"""
SELECT portfolio_id, measure, parameters, value, unit, details, reason
  FROM gold.fact_risk_metrics_history AS metric
  JOIN unnest($2::text[], $3::timestamptz[]) AS closing(portfolio_id, as_of) USING (portfolio_id, as_of)
 WHERE {KNOWN.format("$1")} AND basis = 'bar'
"""  # noqa: S608
# Portfolios and moments are said once more: a join alone does not reach below the window of the history.
_COMPONENTS = f"""
SELECT portfolio_id, measure, parameters, symbol, component, percent, marginal, reason
  FROM gold.fact_var_components_history AS part
  JOIN unnest($2::text[], $3::timestamptz[]) AS closing(portfolio_id, as_of) USING (portfolio_id, as_of)
 WHERE {KNOWN.format("$1")} AND basis = 'bar' AND reason IS DISTINCT FROM 'not_held'
   AND part.portfolio_id = ANY($2) AND part.as_of = ANY($3)
"""  # noqa: S608
# The state at the close, since the live event that began it or, where none tells, since the first close of an
# unbroken row of them. A date without judged closes shows the newest live state.
_LIMITS = f"""
WITH closes AS (
    SELECT * FROM gold.mart_report_limit_closes
     WHERE {KNOWN.format("$1")} AND date <= $3 AND portfolio_id = ANY($2)
), closing AS (
    SELECT now.*, (SELECT min(as_of) FROM closes AS same
                    WHERE same.limit_id = now.limit_id AND same.date > coalesce(
                          (SELECT max(date) FROM closes AS other
                            WHERE other.limit_id = now.limit_id AND other.state <> now.state), '-infinity')
                  ) AS since
      FROM closes AS now WHERE now.date = $3
)
SELECT book.limit_id, book.portfolio_id, book.scope, book.scope_value, book.measure, book.parameters,
       told.*, event.breach_id, event.breach_opened_at, event.armed_state, event.severity,
       coalesce((SELECT array_agg(action || ' by ' || actor ORDER BY recorded_at, action_id)
                   FROM gold.mart_report_limit_actions AS deed
                  WHERE deed.breach_id = event.breach_id AND deed.recorded_at <= $1), '{{}}') AS actions
  FROM (SELECT * FROM gold.mart_report_limits
         WHERE {KNOWN.format("$1")} AND active AND portfolio_id = ANY($2)) AS book
  LEFT JOIN closing USING (limit_id)
  LEFT JOIN (
      SELECT DISTINCT ON (limit_id) * FROM gold.mart_report_limit_events
       WHERE recorded_at <= $1 AND date <= $3 ORDER BY limit_id, sequence DESC
  ) AS event USING (limit_id)
 CROSS JOIN LATERAL (
      SELECT closing.warning_level, closing.hard_level, closing.state, closing.value, closing.unit,
             closing.as_of, closing.reason, closing.message,
             CASE event.state WHEN closing.state THEN event.state_since ELSE closing.since END AS state_since
       WHERE closing.state IS NOT NULL
       UNION ALL
      SELECT coalesce(event.warning_level, book.warning_level), coalesce(event.hard_level, book.hard_level),
             event.state, event.value, event.unit, event.as_of, event.reason, event.message, event.state_since
       WHERE closing.state IS NULL
  ) AS told
"""  # noqa: S608
# The VaR that was the newest one at the start of each day, at most a week old.
_TESTED = f"""
WITH days AS (
    SELECT portfolio_id, date, sum(total + fees)::float8 AS pnl, bool_and(total IS NOT NULL) AS whole,
           row_number() OVER (PARTITION BY portfolio_id ORDER BY date DESC) AS place
      FROM gold.fact_pnl_daily_history
     WHERE {KNOWN.format("$1")} AND portfolio_id = ANY($2) AND date <= $3
     GROUP BY portfolio_id, date
)
SELECT days.portfolio_id, days.date, CASE WHEN whole THEN pnl END AS pnl, forecast.value AS var
  FROM days
  LEFT JOIN LATERAL (
      SELECT value FROM gold.fact_risk_metrics_history AS metric
       WHERE metric.portfolio_id = days.portfolio_id AND metric.measure = 'historical_var'
         AND ',' || metric.parameters || ',' LIKE $4 AND {KNOWN.format("$1")}
         AND metric.as_of <= (days.date::timestamp AT TIME ZONE 'UTC')
         AND metric.as_of > (days.date::timestamp AT TIME ZONE 'UTC') - interval '7 days'
       ORDER BY metric.as_of DESC, metric.basis LIMIT 1
  ) AS forecast ON true
 WHERE days.place <= $5
"""  # noqa: S608


async def read_risk(
    conn: Connection, date: dt.date, known_at: dt.datetime | None, portfolio_ids: Sequence[str] | None
) -> RiskRows:
    """Everything of the report, from one snapshot; without a moment what is known now.

    Raises: ReportUnavailable for a date that is no business date or has no official value.
    """
    require_business_date(date)
    known = await conn.fetchval(_NEWEST, date, known_at)
    if known is None:
        when = "" if known_at is None else f" at {known_at.isoformat()}"
        raise ReportUnavailable(
            f"no official value of {date} is known{when}",
            f"replay the day and run `tapeline eod --date {date}`",
        )
    known = known_at or known
    shown = allowed(await portfolios_at(conn, date, known), portfolio_ids)
    ids = [one.portfolio_id for one in shown]
    closings = await _closings(conn, date, known, ids)
    moments = [list(closings), [one.as_of for one in closings.values()]]
    chosen = f"%,confidence_bp={CONFIDENCE_BP},%"
    return RiskRows(
        date=date,
        known_at=known,
        portfolios=shown,
        closings=closings,
        metrics=to_structs(await conn.fetch(_METRICS, known, *moments), Metric),
        components=to_structs(await conn.fetch(_COMPONENTS, known, *moments), Component),
        limits=to_structs(await conn.fetch(_LIMITS, known, ids, date), Limit),
        tested=to_structs(await conn.fetch(_TESTED, known, ids, date, chosen, DAYS), TestedDay),
        names=await names_at(conn, date, known),
        history=await read_history(conn, known),
        pivot=MeasuringSettings().pivot_currency,
    )


async def _closings(
    conn: Connection, date: dt.date, known: dt.datetime, ids: Sequence[str]
) -> dict[str, Valuation]:
    """The last official value of each portfolio on the date, with its lines."""
    heads = await conn.fetch(_CLOSINGS, date, known, ids)
    lines: dict[str, list[dict[str, Any]]] = {row["portfolio_id"]: [] for row in heads}
    keys = ([row[name] for row in heads] for name in ("portfolio_id", "as_of", "revision"))
    for row in await conn.fetch(_LINES, *keys):
        lines[row["portfolio_id"]].append(dict(row))
    # The columns are those of the message; what the tables have more is ignored.
    return {
        name: msgspec.convert({**row, "positions": lines[name]}, Valuation)
        for row in heads
        for name in (row["portfolio_id"],)
    }
