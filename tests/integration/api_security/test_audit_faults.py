"""No entry of the audit log is lost, and no request ends the gateway, whatever the database says."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api_gateway.adapters import audit_log
from api_gateway.adapters.audit_log import AuditLog
from api_gateway.core.audit import AuditEntry
from api_gateway.security import keys
from api_gateway.security.keys import Keys
from chassis.clock import SystemClock

pytestmark = pytest.mark.integration

LIMIT = {"portfolio_id": "MINE", "measure": "gross", "hard_level": 10.0}
PATHS = "SELECT path FROM ops.audit_log WHERE number > $1 ORDER BY number"


async def last(desk) -> int:
    await asyncio.wait_for(desk.security.audit._log._waiting.join(), 60)
    return await desk.owners.fetchval("SELECT coalesce(max(number), 0) FROM ops.audit_log")


async def paths_since(desk, number: int) -> list[str]:
    await asyncio.wait_for(desk.security.audit._log._waiting.join(), 60)
    return [row["path"] for row in await desk.owner(PATHS, number)]


async def test_a_zero_byte_of_a_stranger_is_recorded_and_ends_nothing(desk) -> None:
    """The server decodes %00, and PostgreSQL has no text with a zero byte."""
    before, stranger = await last(desk), desk.client()
    for path in ("/v1/%00", "/v1/portfolios?portfolio_id=%00"):
        assert (await stranger.get(path)).status_code == 401
    assert (await stranger.request("G%T", "/v1/x" + "y" * 5000)).status_code == 401
    found = await paths_since(desk, before)
    assert found[:2] == ["/v1/\\x00", "/v1/portfolios"]
    assert len(found[2]) <= 1000
    assert not desk.writing.done()


class Faulty:
    """A pool that fails as told, and then works."""

    def __init__(self, pool: asyncpg.Pool, *faults: Exception) -> None:
        self._pool, self.faults = pool, list(faults)

    async def executemany(self, *asked: Any) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        return await self._pool.executemany(*asked)

    async def fetch(self, *asked: Any) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        return await self._pool.fetch(*asked)


FAULTS = [
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.InsufficientPrivilegeError("permission denied for table audit_log"),
    asyncpg.PostgresConnectionError("gone"),
    RuntimeError("a fault of the driver"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_entries_wait_for_a_database_that_cannot_write(desk, monkeypatch, fault: Exception) -> None:
    monkeypatch.setattr(audit_log, "_RETRY_AFTER_S", 0.01)
    before = await last(desk)
    desk.security.audit._log._pool = Faulty(desk.pool, fault, fault)
    assert (await desk.admin.put("/v1/limits/waits", json=LIMIT)).status_code == 200
    assert await paths_since(desk, before) == ["/v1/limits/waits"]
    assert not desk.writing.done()


async def test_an_entry_that_the_database_refuses_does_not_take_the_others_with_it(desk) -> None:
    log = AuditLog(desk.pool)
    before = await last(desk)
    good, bad = [await entry_of(desk, path) for path in ("/good", "/bad")]
    for one in (good, bad, good):
        log.note(one)
    writing = asyncio.create_task(log.run())
    await asyncio.wait_for(log._waiting.join(), 60)
    assert (await paths_since(desk, before)).count("/good") == 2
    assert not writing.done()
    writing.cancel()


async def entry_of(desk, path: str) -> Any:
    """An entry as it would be made; that of /bad has a number that no column takes."""
    return AuditEntry(
        at=SystemClock().now(),
        principal="ann",
        credential="c",
        method="PUT",
        route="/v1/limits/{limit_id}",
        path=path,
        portfolio_id=None,
        status=200 if path == "/good" else 10**12,
        result="done",
        trace_id="0" * 32,
        details={},
    )


async def test_what_waits_when_the_gateway_stops_is_written(desk) -> None:
    log, before = AuditLog(desk.pool), await last(desk)
    log.note(await entry_of(desk, "/good"))
    log._pool = Faulty(desk.pool, asyncpg.PostgresConnectionError("gone"))  # type: ignore[assignment]
    writing = asyncio.create_task(log.run())
    await asyncio.sleep(0.05)  # it waits to try again
    log.note(await entry_of(desk, "/good"))
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await paths_since(desk, before) == ["/good", "/good"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_the_keys_are_read_again_after_any_fault(desk, monkeypatch, fault: Exception) -> None:
    monkeypatch.setattr(keys, "REFRESH_EVERY_S", 0.01)
    made = await desk.key("MINE")
    ring = Keys(desk.security.keys._store, b"a pepper of the tests", SystemClock())
    ring._store._pool = Faulty(desk.pool, fault)  # type: ignore[assignment]
    watching = asyncio.create_task(ring.watch())
    await asyncio.sleep(0.3)
    assert ring.ring.has(made["info"]["prefix"])
    assert not watching.done()
    watching.cancel()
