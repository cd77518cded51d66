"""Runs steps for a business date and records each attempt in ops.run."""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from endofday.steps import Step
from store.database import Connection, Database, run_transaction

STEP_TIMEOUT_S = 3600.0
_BEGIN = """
INSERT INTO ops.run (run_id, step, attempt, business_date, status, started_at, details)
SELECT $1::varchar, $2::varchar, coalesce(max(attempt), 0) + 1, $3, 'running', clock_timestamp(), '{}'
  FROM ops.run WHERE run_id = $1 AND step = $2
RETURNING attempt
"""
_END = """
UPDATE ops.run SET status = $4, finished_at = clock_timestamp(), details = $5
 WHERE run_id = $1 AND step = $2 AND attempt = $3
"""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step; `status` is done or failed."""

    step: str
    date: dt.date
    status: str
    seconds: float
    details: dict[str, Any]


def run_steps(dsn: str, dates: Sequence[dt.date], steps: Sequence[Step]) -> Iterator[StepResult]:
    """Run every step for every date, oldest first; the first that fails is told and ends the run."""
    with Database(dsn, application="tapeline-eod", max_size=2) as database:
        for date in sorted(dates):
            for step in steps:
                result = _run(database, date, step)
                yield result
                if result.status == "failed":
                    return


def _run(database: Database, date: dt.date, step: Step) -> StepResult:
    run_id, began = f"eod:{date}", time.monotonic()

    async def begin(conn: Connection) -> int:
        return int(await conn.fetchval(_BEGIN, run_id, step.name, date) or 0)

    attempt = database.transaction(begin)
    status, details = database.run(_attempt(database.pool, date, step), STEP_TIMEOUT_S)

    async def end(conn: Connection) -> None:
        await conn.execute(_END, run_id, step.name, attempt, status, details)

    database.run(run_transaction(database.pool, end))
    return StepResult(step.name, date, status, time.monotonic() - began, details)


async def _attempt(pool: asyncpg.Pool, date: dt.date, step: Step) -> tuple[str, dict[str, Any]]:
    try:
        return "done", await step.run(pool, date)
    except Exception as error:
        # The record must tell about every kind of failure; the caller prints it and stops.
        return "failed", {"error": f"{type(error).__name__}: {error}"}
