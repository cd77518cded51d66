"""The embedded schedule while markets trade: the steps of Airflow's DAG `intraday` behind the bars.

bar-aggregator makes the bars by its own timer. A run of dbt takes 15 seconds of a core, so it comes less
often than bars, at low priority, and only when there are new ones.
"""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from chassis.logs import get_logger
from local_stack.commands import TAPELINE, run_command
from local_stack.services import INTRADAY_VARIABLE
from store.password import password_reader

EVERY_MINUTES = 15.0
LIMIT_S = 600.0
NEAR = dt.timedelta(hours=1)
# Bars of now, not of a replay: then something trades. The date is for the index.
_NEWEST = "SELECT max(recorded_at) FROM ops.price_bar WHERE trade_date >= $1 AND window_end > $2"
CHECK = ("bars", "check", "--json")
REFRESH = ("warehouse", "build", "--select", "tag:intraday")
Command = tuple[str, ...]
log = get_logger(__name__)


def pause(environment: Mapping[str, str]) -> dt.timedelta | None:
    """How often to look, from TAPELINE_INTRADAY_MINUTES; None for 0, which is never."""
    text = environment.get(INTRADAY_VARIABLE) or str(EVERY_MINUTES)
    try:
        minutes = float(text)
    except ValueError as error:
        raise ValueError(f"{INTRADAY_VARIABLE} is {text!r}; write minutes, or 0 for never") from error
    return dt.timedelta(minutes=minutes) if minutes > 0 else None


@dataclass(slots=True)
class Intraday:
    """When to look next, and what the last look left."""

    every: dt.timedelta | None
    next_at: dt.datetime
    refreshed: dt.datetime | None = None
    failing: set[str] = field(default_factory=set[str])

    async def look(self, dsn: str, stop: asyncio.Event, now: dt.datetime) -> None:
        """Check the bars and refresh the marts when it is time and something trades."""
        if self.every is None or now < self.next_at:
            return
        self.next_at = now + self.every
        newest = await _newest_bars(dsn, now)
        if newest is None:
            return
        await self._run("check-bars", CHECK, now, stop)
        if newest != self.refreshed and await self._run("refresh-marts", REFRESH, now, stop):
            self.refreshed = newest

    async def _run(self, task: str, arguments: Command, now: dt.datetime, stop: asyncio.Event) -> bool:
        """Run one command. A failure is recorded when it begins, not again while it lasts."""
        if stop.is_set():
            return False
        code = await run_command(["nice", "-n", "10", *TAPELINE, *arguments], stop, LIMIT_S)
        if code == 0:
            self.failing.discard(task)
        elif not stop.is_set() and task not in self.failing:
            self.failing.add(task)
            await _record(task, f"tapeline {' '.join(arguments)} left {code}", now, stop)
        return code == 0


async def _newest_bars(dsn: str, now: dt.datetime) -> dt.datetime | None:
    """When the newest bars of about now were stored; None where nothing trades."""
    conn = await asyncpg.connect(dsn, timeout=10, password=password_reader())
    try:
        return await conn.fetchval(_NEWEST, now.date() - dt.timedelta(days=1), now - NEAR)
    finally:
        await conn.close()


async def _record(task: str, message: str, now: dt.datetime, stop: asyncio.Event) -> None:
    """The log first: the database may be what failed."""
    log.error("intraday failed", task=task, message=message)
    told = ("--record-failure", message, "--run-id", f"embedded__{now.isoformat()}")
    about = ("eod", "--date", now.date().isoformat(), "--step", f"intraday.{task}")
    await run_command([*TAPELINE, *about, *told], stop, LIMIT_S)
