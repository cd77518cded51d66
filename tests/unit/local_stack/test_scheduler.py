"""When the embedded schedule runs an end of day."""

import asyncio
import datetime as dt
import signal
from pathlib import Path

import psutil
import pytest

from chassis.scheduling import SCHEDULER_VARIABLE, scheduler_kind
from local_stack.commands import run_command
from local_stack.intraday import EVERY_MINUTES, pause
from local_stack.scheduler import ATTEMPTS_MAX, DELAY, RETRY, DateState, date_over
from local_stack.services import INTRADAY_VARIABLE
from local_stack.waiting import wait_until

NOW = dt.datetime(2026, 11, 23, 22, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "date"),
    [
        # 17:00 New York is 22:00 UTC in winter and 21:00 in summer.
        (dt.datetime(2026, 11, 23, 22, 0, tzinfo=dt.UTC) + DELAY, dt.date(2026, 11, 23)),
        (dt.datetime(2026, 11, 23, 22, 0, tzinfo=dt.UTC), dt.date(2026, 11, 20)),
        (dt.datetime(2026, 7, 6, 21, 0, tzinfo=dt.UTC) + DELAY, dt.date(2026, 7, 6)),
        (dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC), dt.date(2026, 11, 20)),
    ],
)
def test_a_date_is_over_some_time_after_the_close_in_new_york(now: dt.datetime, date: dt.date) -> None:
    assert date_over(now) == date


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (DateState(True, False, 0, None), True),
        (DateState(False, False, 0, None), False),  # a replay of another date, or a day without a market
        (DateState(True, True, 0, None), False),
        (DateState(True, False, 1, NOW - RETRY), True),
        (DateState(True, False, 1, NOW - RETRY / 2), False),
        (DateState(True, False, ATTEMPTS_MAX, NOW - 10 * RETRY), False),
    ],
)
def test_it_runs_once_and_retries_a_failure(state: DateState, due: bool) -> None:
    assert state.is_due(NOW) is due


def test_one_setting_decides_who_schedules() -> None:
    assert scheduler_kind({}) == scheduler_kind({SCHEDULER_VARIABLE: ""}) == "embedded"
    assert scheduler_kind({SCHEDULER_VARIABLE: "airflow"}) == "airflow"
    with pytest.raises(ValueError, match="cron"):
        scheduler_kind({SCHEDULER_VARIABLE: "cron"})


def test_how_often_marts_are_refreshed_is_a_setting() -> None:
    assert pause({}) == pause({INTRADAY_VARIABLE: ""}) == dt.timedelta(minutes=EVERY_MINUTES)
    assert pause({INTRADAY_VARIABLE: "5"}) == dt.timedelta(minutes=5)
    assert pause({INTRADAY_VARIABLE: "0"}) is None
    with pytest.raises(ValueError, match=f"{INTRADAY_VARIABLE} is 'often'"):
        pause({INTRADAY_VARIABLE: "often"})


@pytest.mark.parametrize("leader", ["exec sleep 600", "exit 3"])
async def test_nothing_of_a_command_outlives_it_or_us(tmp_path: Path, leader: str) -> None:
    started, stop = tmp_path / "started", asyncio.Event()
    program = f"sleep 600 & echo $! > {started}; {leader}"
    running = asyncio.create_task(run_command(["sh", "-c", program], stop))
    while not started.exists() or not started.read_text().strip():
        await asyncio.sleep(0.01)
    if leader != "exit 3":
        stop.set()
    assert await running == (3 if leader == "exit 3" else -signal.SIGTERM)
    grandchild = int(started.read_text())
    assert wait_until(lambda: _is_gone(grandchild), 10)


def _is_gone(pid: int) -> bool:
    """Ended; one whose parent has gone too may wait as a zombie for whoever took it over."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
