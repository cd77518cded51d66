"""The embedded schedule against a real database: it runs a date that traded, once."""

import asyncio
import datetime as dt

import asyncpg
import pytest

from endofday.core.chain import CHAIN_STEPS
from endofday.core.fx_day import fx_close
from local_stack import scheduler

pytestmark = pytest.mark.integration

_BAR = """
INSERT INTO ops.price_bar (symbol, window_start, window_end, trade_date, open, high, low, close, volume,
                           trades, currency, status, first_tick_id, last_tick_id, as_of, revision)
VALUES ('IBM', $1::timestamptz - interval '5 minutes', $1, $2, 1, 1, 1, 1, 1,
        1, 'USD', 'final', 'a', 'b', $1, 1)
"""
_RUN = """
INSERT INTO ops.run (date, step, attempt, state, started_at, ended_at, details, revision)
SELECT $1, step, $3, $4, $5, $5, '{}', 1 FROM unnest($2::text[]) AS step
"""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dt.date]:
    """The dates that were run, without running anything."""
    dates: list[dt.date] = []

    async def run_end_of_day(date: dt.date, stop: asyncio.Event) -> int:
        dates.append(date)
        return 0

    monkeypatch.setattr(scheduler, "run_end_of_day", run_end_of_day)
    return dates


async def test_a_date_that_traded_runs_until_it_is_done(fresh_postgres: str, ran: list[dt.date]) -> None:
    now = dt.datetime.now(dt.UTC)
    date, stop = scheduler.date_over(now), asyncio.Event()
    conn = await asyncpg.connect(fresh_postgres)

    async def look() -> list[dt.date]:
        ran.clear()
        await scheduler.look(fresh_postgres, stop)
        return list(ran)

    # A replay of another date, and bars of this date's evening that belong to the next one.
    await conn.execute(_BAR, dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC), dt.date(2013, 10, 7))
    await conn.execute(_BAR, fx_close(date) + dt.timedelta(minutes=5), date)
    assert await look() == []
    await conn.execute(_BAR, fx_close(date) - dt.timedelta(hours=1), date)
    assert await look() == [date]
    await conn.execute(_RUN, date, CHAIN_STEPS[-1:], 1, "done", now)
    assert await look() == [date], "one step alone is no end of day"
    await conn.execute(_RUN, date, ["pnl"], 1, "failed", now - scheduler.RETRY)
    assert await look() == [date]
    await conn.execute(_RUN, date, ["pnl"], 2, "failed", now)
    assert await look() == []
    await conn.execute(_RUN, date, CHAIN_STEPS, 3, "done", now)
    assert await look() == []
    await conn.close()


async def test_what_was_tried_before_the_close_or_beside_the_chain_does_not_count(
    fresh_postgres: str, ran: list[dt.date]
) -> None:
    now = dt.datetime.now(dt.UTC)
    date = scheduler.date_over(now)
    conn = await asyncpg.connect(fresh_postgres)
    await conn.execute(_BAR, fx_close(date) - dt.timedelta(hours=1), date)
    noon = fx_close(date) - dt.timedelta(hours=5)
    await conn.execute(_RUN, date, CHAIN_STEPS, 1, "done", noon)
    await conn.execute(_RUN, date, ["pnl"], 2, "failed", noon)
    for attempt in range(scheduler.ATTEMPTS_MAX):
        await conn.execute(_RUN, date, ["intraday.check-bars", "end_of_day.deadline"], attempt, "failed", now)
    await scheduler.look(fresh_postgres, asyncio.Event())
    assert ran == [date]
    await conn.close()
