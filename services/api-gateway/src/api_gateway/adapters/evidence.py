"""Reads the rows that a valuation names. Every statement has a fixed text."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import asyncpg

from api_gateway.core.evidence import Found, Row, RowKey, row_keys
from contracts import Valuation
from store.database import Connection

_SOURCES = {
    "bar": """
SELECT b.symbol AS name, b.window_start AS moment, b.revision, b.close AS value, b.currency, b.as_of,
       b.recorded_at, b.last_tick_id, b.evidence
  FROM ops.price_bar b JOIN unnest($1::text[], $2::timestamptz[], $3::int[]) AS k (name, moment, revision)
    ON b.symbol = k.name AND b.window_start = k.moment AND b.revision = k.revision
""",
    "fx": """
SELECT r.pair AS name, r.as_of AS moment, r.revision, r.rate AS value, right(r.pair, 3) AS currency, r.as_of,
       r.recorded_at, r.evidence
  FROM ops.fx_rate r JOIN unnest($1::text[], $2::timestamptz[], $3::int[]) AS k (name, moment, revision)
    ON r.pair = k.name AND r.as_of = k.moment AND r.revision = k.revision
""",
}
_POSITIONS = """
SELECT DISTINCT ON (symbol, portfolio_id) portfolio_id, symbol, quantity, average_cost, as_of, revision,
       recorded_at
  FROM ops.position WHERE portfolio_id = ANY($1) AND as_of <= $2 AND recorded_at <= $3
 ORDER BY symbol, portfolio_id, as_of DESC, revision DESC
"""
_FILLS = """
SELECT DISTINCT ON (executed_at, seq, fill_id) fill_id AS trade_id, f.portfolio_id, f.symbol, f.quantity,
       f.price, executed_at, f.recorded_at
  FROM ops.fill f
 WHERE f.portfolio_id = ANY($1) AND executed_at <= $2 AND f.recorded_at <= $3
   AND executed_at >= coalesce((SELECT max(p.as_of) FROM ops.position p
                                 WHERE p.portfolio_id = f.portfolio_id AND p.symbol = f.symbol
                                   AND p.as_of <= $2 AND p.recorded_at <= $3), '-infinity')
 ORDER BY executed_at, seq, fill_id, revision DESC
"""
_RESTATEMENTS = """
SELECT revision, recorded_at, cause, was, became, evidence FROM ops.restatement
 WHERE relation = 'portfolio_valuation' AND row_key = $1 AND recorded_at <= $2 ORDER BY revision
"""


class EvidenceReader:
    """Reads of bars, rates, positions, fills and restatements over one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def behind(self, valuation: Valuation) -> Found:
        """What the valuation rests on, as it was known when it was made."""
        owners = [valuation.portfolio_id, *(valuation.members or ())]
        known = (owners, valuation.as_of, valuation.recorded_at)
        async with (
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            return Found(
                sources=await _sources(conn, row_keys(valuation)),
                positions=await conn.fetch(_POSITIONS, *known),
                fills=await conn.fetch(_FILLS, *known),
                restatements=await conn.fetch(_RESTATEMENTS, _restated_key(valuation), valuation.recorded_at),
            )


async def _sources(conn: Connection, keys: Sequence[RowKey]) -> dict[RowKey, Row]:
    found: dict[RowKey, Any] = {}
    for relation, sql in _SOURCES.items():
        wanted = [key for key in keys if key.relation == relation]
        columns = zip(*((key.name, key.moment, key.revision) for key in wanted), strict=True)
        for row in await conn.fetch(sql, *map(list, columns)) if wanted else ():
            found[RowKey(relation, row["name"], row["moment"], row["revision"])] = row
    return found


def _restated_key(valuation: Valuation) -> str:
    moment = valuation.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"{valuation.portfolio_id}|{moment}|{valuation.basis}"
