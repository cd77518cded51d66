"""The embedded schedule: `python -m local_stack.scheduler`, supervised like a service.

It runs only where TAPELINE_SCHEDULER is `embedded`; the same setting tells bar-aggregator whether to make
final bars by its own timer. Of a date the end of day runs once, after 17:00 New York plus a delay, and only
when bars of that very date from before its end are stored: the clock never starts the day of a replay.
What runs in session is in intraday.py.
"""

import asyncio
import datetime as dt
import os
import signal
from dataclasses import dataclass

import asyncpg

from chassis.logs import configure_logging, get_logger
from endofday.core.chain import CHAIN_STEPS
from endofday.core.fx_day import fx_close, is_business_date
from local_stack.commands import TAPELINE, run_command
from local_stack.intraday import Intraday, pause
from store.password import password_reader

DELAY = dt.timedelta(minutes=15)
POLL_S = 60.0
RETRY = dt.timedelta(minutes=10)
ATTEMPTS_MAX = 3
# What was tried before the close, by a person with --early, is neither the end of day nor a failure of it;
# a row with a run_id was told by another scheduler about an attempt that has a row of its own.
_STATE = """
WITH tried AS (
    SELECT step, state, ended_at FROM ops.run
     WHERE date = $1 AND step = ANY ($2) AND started_at >= $3 AND NOT details ? 'run_id'
)
SELECT EXISTS (SELECT FROM ops.price_bar WHERE trade_date = $1 AND window_end <= $3) AS traded,
       (SELECT count(DISTINCT step) FROM tried WHERE state = 'done') = cardinality($2::text[]) AS done,
       (SELECT count(*) FROM tried WHERE state = 'failed') AS failures,
       (SELECT max(ended_at) FROM tried WHERE state = 'failed') AS failed_at
"""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DateState:
    """What is known of a business date that is over."""

    traded: bool
    done: bool
    failures: int
    failed_at: dt.datetime | None

    def is_due(self, now: dt.datetime) -> bool:
        """Whether to run now: something traded, not done, and not failed too often or just before."""
        if not self.traded or self.done or self.failures >= ATTEMPTS_MAX:
            return False
        return self.failed_at is None or now - self.failed_at >= RETRY


def date_over(now: dt.datetime) -> dt.date:
    """The newest business date whose close is at least the delay ago."""
    date = now.date()
    while not is_business_date(date) or fx_close(date) + DELAY > now:
        date -= dt.timedelta(days=1)
    return date


async def follow(dsn: str, stop: asyncio.Event, intraday: Intraday) -> None:
    """Look every minute whether a date or the marts in session are due, until stopped."""
    while not stop.is_set():
        try:
            await look(dsn, stop)
            await intraday.look(dsn, stop, dt.datetime.now(dt.UTC))
        except (OSError, asyncpg.PostgresError) as error:
            log.warning("schedule cannot look into the database", error=str(error))
        try:
            await asyncio.wait_for(stop.wait(), POLL_S)
        except TimeoutError:
            continue


async def look(dsn: str, stop: asyncio.Event) -> None:
    """Run the date that is over if it is due."""
    now = dt.datetime.now(dt.UTC)
    date = date_over(now)
    conn = await asyncpg.connect(dsn, timeout=10, password=password_reader())
    try:
        found = DateState(**await conn.fetchrow(_STATE, date, CHAIN_STEPS, fx_close(date)))
    finally:
        await conn.close()
    if found.is_due(now):
        await run_end_of_day(date, stop)


async def run_end_of_day(date: dt.date, stop: asyncio.Event) -> int:
    """Run the command a person has, beside us, and end it when we are stopped: a repeat is harmless."""
    log.info("end of day begins", date=str(date))
    code = await run_command([*TAPELINE, "eod", "--date", date.isoformat()], stop)
    log.info("end of day left", date=str(date), code=code)
    return code


async def _main(dsn: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    every = pause(os.environ)
    # Not while the platform starts, which is busy enough.
    await follow(dsn, stop, Intraday(every, dt.datetime.now(dt.UTC) + (every or dt.timedelta())))


if __name__ == "__main__":
    configure_logging("scheduler", "console", "INFO")
    asyncio.run(_main(os.environ["TAPELINE_POSTGRES"]))
