"""Appends to ops.audit_log, in order and not lost when the database is away or cannot write for a while."""

import asyncio

import asyncpg
import msgspec

from api_gateway.core.audit import AuditEntry
from chassis import metrics
from chassis.logs import get_logger

WAITING_MOST = 10_000
PATIENCE_S = 2.0
LAST_WORDS_S = 2.0
_BATCH = 200
_RETRY_AFTER_S = 1.0
_COLUMNS = AuditEntry.__struct_fields__
# Names of fields of ours; number and hashes are made by the database.
_INSERT = (
    f"INSERT INTO ops.audit_log ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(f'${place}' for place in range(1, len(_COLUMNS) + 1))})"
)
_REFUSED = (asyncpg.DataError, asyncpg.CheckViolationError, asyncpg.NotNullViolationError, ValueError)
"""What is wrong with an entry itself, and so stays wrong however often it is tried."""
Waiting = tuple[AuditEntry, "asyncio.Future[None]"]
log = get_logger("api_gateway.audit")


class AuditLog:
    """One writer for all requests, so that the chain needs no waiting for each other."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue(WAITING_MOST)
        self._due: list[Waiting] = []

    def note(self, entry: AuditEntry) -> asyncio.Future[None]:
        """Have an entry written; the future tells when it is. An entry too many goes to the log alone."""
        written = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((entry, written))
        except asyncio.QueueFull:
            _log_alone(entry, "too many wait")
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
        """Write what waits; never returns. Cancelled, it writes what waits or tells it to the log."""
        try:
            while True:
                self._due.append(await self._waiting.get())
                self._take_more(_BATCH)
                await self._keep_writing()
        except asyncio.CancelledError:
            await self._last_words()
            raise

    def _take_more(self, most: int) -> None:
        while len(self._due) < most and not self._waiting.empty():
            self._due.append(self._waiting.get_nowait())

    async def _keep_writing(self) -> None:
        """Write what is due, whatever it takes: a full disk or a time-out ends, and so must not end us.

        All at once; where that is refused for what an entry says, one by one, to find which.
        """
        at_once = len(self._due)
        while self._due:
            try:
                await self._write(at_once)
            except _REFUSED as error:
                if at_once == 1:
                    _log_alone(self._due[0][0], repr(error))
                    self._done(1)
                at_once = 1
            except Exception as error:
                log.warning("audit_waits_for_database", entries=len(self._due), error=repr(error))
                await asyncio.sleep(_RETRY_AFTER_S)

    async def _write(self, many: int) -> None:
        """The first `many` of what is due, or none of them."""
        rows = [msgspec.structs.astuple(entry) for entry, _ in self._due[:many]]
        await self._pool.executemany(_INSERT, rows)
        self._done(many)

    def _done(self, many: int) -> None:
        for _, written in self._due[:many]:
            if not written.done():
                written.set_result(None)
            self._waiting.task_done()
        del self._due[:many]

    async def _last_words(self) -> None:
        self._take_more(WAITING_MOST)
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._write(len(self._due))
        except Exception as error:
            for entry, _ in self._due:
                _log_alone(entry, repr(error))
            self._done(len(self._due))


def _log_alone(entry: AuditEntry, why: str) -> None:
    metrics.AUDIT_LOST.inc()
    log.error("audit_entry_not_written", why=why, **msgspec.to_builtins(entry))
