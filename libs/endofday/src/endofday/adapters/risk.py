"""The step `risk`: every measure of every closing value, by the code that measures live values; its split."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import asyncpg

from contracts import Valuation
from endofday.adapters.valuations import read_official
from endofday.core.fx_day import fx_close
from measuring.adapters.components import ComponentStore
from measuring.adapters.history import HistoryStore
from measuring.adapters.metrics import MetricStore
from measuring.core.components import splits_of
from measuring.core.history import FactorCache
from measuring.core.reports import book_of, factors_of, report_of
from measuring.settings import MeasuringSettings

PORTFOLIOS_AT_ONCE = 100


async def measure_risk(pool: asyncpg.Pool, date: dt.date) -> dict[str, Any]:
    """Append the risk of a date's closing values as far as it is new or changed; a repeat changes nothing."""
    settings = MeasuringSettings()
    history = await HistoryStore(pool, settings.benchmark).load()
    cache = FactorCache(history, settings.pivot_currency)
    async with pool.acquire() as conn:
        values = await read_official(conn, fx_close(date))
        recorded_at = await conn.fetchval("SELECT clock_timestamp()")
    written = 0
    for start in range(0, len(values), PORTFOLIOS_AT_ONCE):
        part = values[start : start + PORTFOLIOS_AT_ONCE]
        written += await _measure(pool, part, cache, recorded_at)
    return {"portfolios": len(values), "written": written}


async def _measure(
    pool: asyncpg.Pool, values: Sequence[Valuation], cache: FactorCache, recorded_at: dt.datetime
) -> int:
    reports, splits = [], []
    for one in values:
        book = book_of(one, factors_of(cache, one))
        report = report_of(one, book, cache.history.version, recorded_at)
        reports.append(report)
        splits += splits_of(one, book, report)
    return await MetricStore(pool).append(reports) + await ComponentStore(pool).append(splits)
