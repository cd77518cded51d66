"""Runs steps for business dates and records each attempt in ops.run."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg

from endofday.adapters.runs import DONE, FAILED, Attempt, begin_attempt, end_attempt
from endofday.steps import Step
from store.database import WRITER, Database

STEP_TIMEOUT_S = 3600.0
STATEMENT_TIMEOUT_S = 900.0
"""A batch over all books may take longer than anything a service asks for."""


def run_steps(dsn: str, dates: Sequence[dt.date], steps: Sequence[Step]) -> Iterator[Attempt]:
    """Run every step for every date, oldest first; the first that fails is told and ends the run."""
    with Database(
        dsn, application="tapeline-eod", max_size=2, statement_timeout_s=STATEMENT_TIMEOUT_S, role=WRITER
    ) as database:
        for date in sorted(dates):
            for step in steps:
                ended = database.run(_run(database.pool, date, step), STEP_TIMEOUT_S)
                yield ended
                if ended.state == FAILED:
                    return


async def _run(pool: asyncpg.Pool, date: dt.date, step: Step) -> Attempt:
    begun = await begin_attempt(pool, date, step.name)
    details: dict[str, Any] = {}
    try:
        details = await step.run(pool, date)
        state, message = DONE, None
    except Exception as error:
        # The record must tell about every kind of failure; the caller prints it and stops.
        state, message = FAILED, f"{type(error).__name__}: {error}"
    return await end_attempt(pool, begun, state, message, details)
