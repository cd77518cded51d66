"""Reads daily history from schema ops."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import asyncpg
import numpy as np

from measuring.core.history import DailyHistory
from quant import CorporateAction, DatedSeries
from store.database import Connection, run_transaction

# Facts are only ever appended, so the newest recording time and the number of rows change with every change.
VERSION = """
SELECT max(newest) AS newest, coalesce(sum(entries), 0)::bigint AS entries FROM (
    SELECT max(recorded_at) AS newest, count(*) AS entries FROM ops.daily_price
    UNION ALL SELECT max(recorded_at), count(*) FROM ops.fx_rate
    UNION ALL SELECT max(recorded_at), count(*) FROM ops.corporate_action
    UNION ALL SELECT max(recorded_at), count(*) FROM ops.instrument
) AS parts
"""
PRICES = """
SELECT symbol, currency, date - DATE '1970-01-01' AS day, close::float8 AS value
FROM ops.daily_price_latest ORDER BY symbol, date
"""
# A rate is that of the date it is valid from; of several on one date the last counts.
QUOTES = """
SELECT DISTINCT ON (pair, day) pair AS symbol, '' AS currency, day, rate::float8 AS value
FROM (
    SELECT pair, as_of, rate, (as_of AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS day
    FROM ops.fx_rate_latest
) AS fixings
ORDER BY pair, day, as_of DESC
"""
ACTIONS = """
SELECT symbol, ex_date, type, value::float8 AS value FROM ops.corporate_action_latest ORDER BY symbol, ex_date
"""
FX_SYMBOLS = "SELECT symbol FROM ops.instrument_latest WHERE asset_class = 'fx'"


SECTORS = """
SELECT symbol, coalesce(sector, '') AS sector
FROM ops.instrument_latest WHERE asset_class NOT IN ('fx', 'option')
"""


class HistoryStore:
    """Daily history in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool, benchmark: str) -> None:
        self._pool = pool
        self._benchmark = benchmark

    async def version(self) -> str:
        """Identifies the history stored now: newest recording time and number of rows."""
        return await run_transaction(self._pool, _read_version)

    async def load(self) -> DailyHistory:
        """All of it, as one consistent snapshot."""
        found = await run_transaction(self._pool, _read_history, isolation="repeatable_read")
        return replace(found, benchmark=self._benchmark)


async def _read_version(conn: Connection) -> str:
    row = await conn.fetchrow(VERSION)
    assert row is not None, "an aggregate without GROUP BY returns one row"
    return f"{row['newest'].isoformat() if row['newest'] else 'empty'}/{row['entries']}"


async def _read_history(conn: Connection) -> DailyHistory:
    return DailyHistory(
        version=await _read_version(conn),
        prices=to_series(await conn.fetch(PRICES)),
        quotes=to_series(await conn.fetch(QUOTES)),
        actions=_actions(await conn.fetch(ACTIONS)),
        fx_symbols=frozenset(row["symbol"] for row in await conn.fetch(FX_SYMBOLS)),
        sectors={row["symbol"]: row["sector"] for row in await conn.fetch(SECTORS)},
    )


def to_series(rows: Sequence[Any]) -> dict[str, DatedSeries]:
    """Series per symbol from rows sorted by symbol and day."""
    found: dict[str, DatedSeries] = {}
    for symbol, group in groupby(rows, key=itemgetter("symbol")):
        own = _of_one_currency(list(group))
        found[symbol] = DatedSeries(
            dates=np.array([row["day"] for row in own], dtype=np.int64).astype("datetime64[D]"),
            values=np.array([row["value"] for row in own], dtype=np.float64),
            currency=own[-1]["currency"],
        )
    return found


def _of_one_currency(rows: list[Any]) -> list[Any]:
    """The newest rows that share the currency of the last one: a change of currency starts a new history."""
    currency = rows[-1]["currency"]
    start = len(rows)
    while start and rows[start - 1]["currency"] == currency:
        start -= 1
    return rows[start:]


def _actions(rows: Iterable[Any]) -> dict[str, tuple[CorporateAction, ...]]:
    found: dict[str, list[CorporateAction]] = defaultdict(list)
    for row in rows:
        found[row["symbol"]].append(CorporateAction(np.datetime64(row["ex_date"]), row["type"], row["value"]))
    return {symbol: tuple(actions) for symbol, actions in found.items()}
