"""The step `risk`: every measure of every closing value, by the code that measures live values."""

import datetime as dt
from typing import Any

import asyncpg

from endofday.adapters.valuations import read_official
from endofday.core.fx_day import fx_close
from measuring.adapters.history import HistoryStore
from measuring.adapters.metrics import MetricStore
from measuring.core.history import FactorCache
from measuring.core.reports import factors_of, make_report
from measuring.settings import MeasuringSettings

PORTFOLIOS_AT_ONCE = 100


async def measure_risk(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append the risk of a date's closing values as far as it is new or changed; a repeat changes nothing."""
    settings = MeasuringSettings()
    history = await HistoryStore(pool, settings.benchmark).load()
    cache, store = FactorCache(history, settings.pivot_currency), MetricStore(pool)
    async with pool.acquire() as conn:
        values = await read_official(conn, fx_close(date))
        recorded_at = await conn.fetchval("SELECT clock_timestamp()")
    written = 0
    for start in range(0, len(values), PORTFOLIOS_AT_ONCE):
        part = values[start : start + PORTFOLIOS_AT_ONCE]
        written += await store.append(
            [make_report(one, factors_of(cache, one), history.version, recorded_at) for one in part]
        )
    return {"portfolios": len(values), "written": written}
