"""The embedded schedule in session, against a real database: which commands run, and when."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from local_stack import intraday
from local_stack.commands import TAPELINE
from local_stack.intraday import CHECK, NEAR, REFRESH, Intraday

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 11, 23, 15, 1, tzinfo=dt.UTC)
EVERY = dt.timedelta(minutes=15)
_BAR = """
INSERT INTO ops.price_bar (symbol, window_start, window_end, trade_date, open, high, low, close, volume,
                           trades, currency, status, first_tick_id, last_tick_id, as_of, revision)
VALUES ('IBM', $1::timestamptz - interval '5 minutes', $1, $1::date, 1, 1, 1, 1, 1,
        1, 'USD', 'final', 'a', 'b', $1, 1)
"""


class Platform:
    """A database with bars, and commands that only leave with a code."""

    def __init__(self, dsn: str, conn: asyncpg.Connection) -> None:
        self.dsn, self.conn = dsn, conn
        self.ran: list[tuple[str, ...]] = []
        self.failing: tuple[str, ...] | None = None
        self.schedule = Intraday(EVERY, NOW)

    async def run_command(self, command: Sequence[str], stop: asyncio.Event, limit_s: float) -> int:
        asked = tuple(command[command.index(TAPELINE[-1]) + 1 :])
        self.ran.append(asked)
        return 1 if asked == self.failing else 0

    async def look(self, after: dt.timedelta) -> list[tuple[str, ...]]:
        self.ran.clear()
        await self.schedule.look(self.dsn, asyncio.Event(), NOW + after)
        return self.ran


@pytest.fixture
async def platform(fresh_postgres: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    conn = await asyncpg.connect(fresh_postgres)
    made = Platform(fresh_postgres, conn)
    monkeypatch.setattr(intraday, "run_command", made.run_command)
    yield made
    await conn.close()


async def test_bars_are_checked_and_new_ones_reach_the_marts(platform: Platform) -> None:
    await platform.conn.execute(_BAR, NOW - dt.timedelta(minutes=1))
    assert await platform.look(dt.timedelta(0)) == [CHECK, REFRESH]
    assert await platform.look(EVERY / 2) == []
    assert await platform.look(EVERY) == [CHECK], "no bar is new"
    await platform.conn.execute(_BAR, NOW + EVERY)
    assert await platform.look(2 * EVERY) == [CHECK, REFRESH]


async def test_nothing_runs_for_a_replay_or_out_of_session(platform: Platform) -> None:
    await platform.conn.execute(_BAR, dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC))
    await platform.conn.execute(_BAR, NOW - NEAR)
    assert await platform.look(dt.timedelta(0)) == []


async def test_a_failure_is_recorded_once_while_it_lasts_and_tried_again(
    platform: Platform,
) -> None:
    await platform.conn.execute(_BAR, NOW)
    platform.failing = REFRESH
    check, refresh, record = await platform.look(dt.timedelta(0))
    assert (check, refresh) == (CHECK, REFRESH)
    assert record[:6] == (
        "eod",
        "--date",
        "2026-11-23",
        "--step",
        "intraday.refresh-marts",
        "--record-failure",
    )
    assert await platform.look(EVERY) == [CHECK, REFRESH]
    platform.failing = None
    assert await platform.look(2 * EVERY) == [CHECK, REFRESH]
