"""Attempts at steps in ops.run: begun, ended, read back. Append-only, so nobody can tidy a failure away."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from store.bulk import append_revisions
from store.database import Connection, run_transaction
from store.tables import Run

RUNNING, DONE, FAILED = "running", "done", "failed"
_ATTEMPTS_LOCK = "SELECT pg_advisory_xact_lock(hashtext('ops.run attempts'))"
_ATTEMPT = "SELECT coalesce(max(attempt), 0) + 1 FROM ops.run WHERE date = $1 AND step = $2"
_LAST = "SELECT * FROM ops.run_latest WHERE date = $1 AND step = $2 ORDER BY attempt DESC LIMIT 1"
_TOLD = """
SELECT * FROM ops.run_latest
 WHERE date = $1 AND step = $2 AND state = 'failed' AND details ->> 'run_id' = $3 LIMIT 1
"""
_OF_DATE = """
SELECT date, step, attempt, state, started_at, ended_at, rows_written, message, details
  FROM ops.run_latest WHERE date = $1 ORDER BY started_at, step, attempt
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one step."""

    date: dt.date
    step: str
    attempt: int
    state: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    rows_written: int | None = None
    message: str | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


async def begin_attempt(pool: asyncpg.Pool, date: dt.date, step: str) -> Attempt:
    """The next attempt at a step, recorded as running."""

    async def begin(conn: Connection) -> Attempt:
        # Before the number is read: two that begin at once would take the same one.
        await conn.execute(_ATTEMPTS_LOCK)
        number = int(await conn.fetchval(_ATTEMPT, date, step) or 1)
        found = Attempt(date, step, number, RUNNING, await _now(conn))
        await append_revisions(conn, Run, [_row(found)])
        return found

    return await run_transaction(pool, begin)


async def end_attempt(
    pool: asyncpg.Pool, begun: Attempt, state: str, message: str | None, details: dict[str, Any]
) -> Attempt:
    """Record how an attempt ended."""

    async def end(conn: Connection) -> Attempt:
        return await _end(conn, begun, state, message, details)

    return await run_transaction(pool, end)


async def record_failure(
    pool: asyncpg.Pool, date: dt.date, step: str, message: str, run_id: str | None = None
) -> Attempt:
    """Tell of an attempt that could not tell itself, since its process was ended from outside.

    It ends an attempt that still runs; else the failure is an attempt of its own, so that of two failures of
    a day none hides behind the other. `run_id` names what failed: told again, it is not recorded again.
    """

    async def record(conn: Connection) -> Attempt:
        await conn.execute(_ATTEMPTS_LOCK)
        if (told := await conn.fetchrow(_TOLD, date, step, run_id)) is not None:
            return _attempt(told)
        last = await conn.fetchrow(_LAST, date, step)
        if last is not None and last["state"] == RUNNING:
            begun = _attempt(last)
        else:
            number = 1 if last is None else last["attempt"] + 1
            begun = Attempt(date, step, number, RUNNING, await _now(conn))
        return await _end(conn, begun, FAILED, message, {} if run_id is None else {"run_id": run_id})

    return await run_transaction(pool, record)


async def attempts(pool: asyncpg.Pool, date: dt.date) -> list[Attempt]:
    """Everything that was tried for a date, oldest first."""
    return [_attempt(row) for row in await pool.fetch(_OF_DATE, date)]


async def _end(
    conn: Connection, begun: Attempt, state: str, message: str | None, details: dict[str, Any]
) -> Attempt:
    ended = Attempt(
        begun.date,
        begun.step,
        begun.attempt,
        state,
        begun.started_at,
        await _now(conn),
        details.get("written"),
        message,
        details,
    )
    await append_revisions(conn, Run, [_row(ended)])
    return ended


async def _now(conn: Connection) -> dt.datetime:
    """The database's clock: attempts may be made on several machines."""
    moment = await conn.fetchval("SELECT clock_timestamp()")
    assert moment is not None, "the database always knows the time"
    return moment


def _row(one: Attempt) -> dict[str, Any]:
    return {
        "date": one.date,
        "step": one.step,
        "attempt": one.attempt,
        "state": one.state,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "rows_written": one.rows_written,
        "message": one.message,
        "details": one.details,
    }


def _attempt(row: Any) -> Attempt:
    return Attempt(*(row[name] for name in Attempt.__dataclass_fields__))
