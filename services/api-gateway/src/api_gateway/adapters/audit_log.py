"""Appends to ops.audit_log, in order and not lost when the database is away for a while."""

import asyncio

import asyncpg
import msgspec

from api_gateway.core.audit import AuditEntry
from chassis import metrics
from chassis.logs import get_logger
from store.database import CONNECTION_LOST

WAITING_MOST = 10_000
PATIENCE_S = 2.0
_BATCH = 200
_RETRY_AFTER_S = 1.0
_COLUMNS = AuditEntry.__struct_fields__
# Names of fields of ours; number and hashes are made by the database.
_INSERT = (
    f"INSERT INTO ops.audit_log ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(f'${place}' for place in range(1, len(_COLUMNS) + 1))})"
)
log = get_logger("api_gateway.audit")


class AuditLog:
    """One writer for all requests, so that the chain needs no waiting for each other."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: asyncio.Queue[tuple[AuditEntry, asyncio.Future[None]]] = asyncio.Queue(WAITING_MOST)

    def note(self, entry: AuditEntry) -> asyncio.Future[None]:
        """Have an entry written; the future tells when it is. An entry too many goes to the log alone."""
        written = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((entry, written))
        except asyncio.QueueFull:
            metrics.AUDIT_LOST.inc()
            log.error("audit_entry_not_written", **msgspec.to_builtins(entry))
            written.set_result(None)
        return written

    async def write(self, entry: AuditEntry) -> None:
        """Have an entry written and wait a little: it is written in any case once the database is back."""
        written = self.note(entry)
        try:
            await asyncio.wait_for(asyncio.shield(written), PATIENCE_S)
        except TimeoutError:
            log.warning("audit_behind", waiting=self._waiting.qsize())

    async def run(self) -> None:
        """Write what waits; never returns."""
        while True:
            due = [await self._waiting.get()]
            while len(due) < _BATCH and not self._waiting.empty():
                due.append(self._waiting.get_nowait())
            await self._keep_writing([entry for entry, _ in due])
            for _, written in due:
                written.set_result(None)
                self._waiting.task_done()

    async def _keep_writing(self, entries: list[AuditEntry]) -> None:
        rows = [msgspec.structs.astuple(entry) for entry in entries]
        while True:
            try:
                await self._pool.executemany(_INSERT, rows)
            except CONNECTION_LOST as error:
                log.warning("audit_waits_for_database", entries=len(rows), error=repr(error))
                await asyncio.sleep(_RETRY_AFTER_S)
            else:
                return
