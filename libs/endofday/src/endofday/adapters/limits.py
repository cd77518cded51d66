"""The step `limits`: how each limit stands at the close, judged on the closing value of its portfolio.

The events of the day are those of the risk service, which judges live values; this is the state a date ended
with, also of a date that nobody watched live.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

import asyncpg

from contracts import Valuation
from endofday.adapters.snapshot import in_snapshot
from endofday.adapters.valuations import read_official
from endofday.core.fx_day import fx_close
from measuring.adapters.history import HistoryStore
from measuring.adapters.limits import read_limits
from measuring.core.definitions import Definition, LimitBooks, levels_at
from measuring.core.history import FactorCache
from measuring.core.readings import Reading, read
from measuring.core.reports import factors_of
from measuring.settings import MeasuringSettings
from quant.limits import ArmedState, LimitLevels, LimitStanding, LimitStateName, limit_standing
from store.bulk import append_revisions
from store.database import Connection
from store.tables import LimitStatus

_BEFORE = """
SELECT DISTINCT ON (limit_id) limit_id, state, armed_state FROM ops.limit_status
 WHERE date < $1 ORDER BY limit_id, date DESC, revision DESC
"""


async def judge_limits(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append the state of every active limit at the close; a repeat changes nothing.

    Hysteresis goes on from the close before. A limit whose portfolio has no closing value is not judged.
    """
    settings = MeasuringSettings()
    history = await HistoryStore(pool, settings.benchmark).load()

    async def judge(conn: Connection) -> dict[str, Any]:
        books = await read_limits(conn)
        wanted = sorted({limit.portfolio_id for limit in books.definitions})
        values = {one.portfolio_id: one for one in await read_official(conn, fx_close(date), wanted)}
        before = {row["limit_id"]: _standing(row) for row in await conn.fetch(_BEFORE, date)}
        cache = FactorCache(history, settings.pivot_currency)
        rows = [
            _judged(limit, books, values[limit.portfolio_id], cache, before.get(limit.limit_id), date)
            for limit in books.definitions
            if limit.portfolio_id in values
        ]
        appended = await append_revisions(conn, LimitStatus, rows)
        states = [row["state"] for row in rows]
        return {
            "limits": len(rows),
            **{name.lower(): states.count(name) for name in ("BREACH", "WARNING", "UNKNOWN")},
            "written": len(appended),
        }

    return await in_snapshot(pool, judge, LimitStatus.qualified())


def _judged(
    limit: Definition,
    books: LimitBooks,
    value: Valuation,
    cache: FactorCache,
    before: LimitStanding | None,
    date: dt.date,
) -> dict[str, Any]:
    levels = levels_at(limit, books.raises.get(limit.limit_id, ()), value.as_of)
    reading = read(limit, value, None, factors_of(cache, value))
    standing = limit_standing(levels, before, reading.value)
    return _row(limit, value, levels, reading, standing, date)


def _row(
    limit: Definition,
    value: Valuation,
    levels: LimitLevels,
    reading: Reading,
    standing: LimitStanding,
    date: dt.date,
) -> dict[str, Any]:
    return {
        "limit_id": limit.limit_id,
        "date": date,
        "portfolio_id": limit.portfolio_id,
        "as_of": value.as_of,
        "valuation_id": value.valuation_id,
        "state": standing.state,
        "armed_state": standing.armed,
        "value": reading.value,
        "unit": reading.unit,
        "warning_level": levels.warning,
        "hard_level": levels.hard,
        "reason": reading.reason,
        "message": reading.message,
        "evidence": {"valuation_id": value.valuation_id, "scope": limit.scope, "measure": limit.measure},
    }


def _standing(row: Mapping[str, Any]) -> LimitStanding:
    return LimitStanding(cast(LimitStateName, row["state"]), cast(ArmedState, row["armed_state"]))
