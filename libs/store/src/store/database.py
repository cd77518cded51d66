"""Connections to PostgreSQL: an asyncpg pool with time limits, and a synchronous owner of one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeout
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg
import msgspec
import stamina

from store.password import password_reader

T = TypeVar("T")

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""What queries take: a connection, or one lent by a pool."""

WRITER, READER = "tapeline_writer", "tapeline_reader"
"""Roles to work as: appends facts and moves states; reads all but keys and the audit log."""

CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 60.0
_SESSION = {
    # A lost client or a forgotten transaction must not hold locks for ever.
    "lock_timeout": "15000",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
    "client_min_messages": "warning",
}
_JSONB_VERSION = b"\x01"

CONNECTION_LOST: tuple[type[Exception], ...] = (
    # A killed session or server restart; asyncpg reports it in several ways, depending on what it was doing.
    # Or a new password that has reached the server and not yet our file.
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidPasswordError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a COMMIT on a session that was killed a moment before
    ConnectionError,
    TimeoutError,
)


async def prepare_connection(conn: Connection) -> None:
    """Let jsonb columns take and give Python values; Decimals inside become strings, datetimes RFC 3339."""
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: _JSONB_VERSION + msgspec.json.encode(value),
        decoder=lambda raw: msgspec.json.decode(memoryview(raw)[1:]),
        format="binary",  # COPY takes binary codecs only
    )


async def connect_pool(
    dsn: str,
    *,
    application: str = "tapeline",
    max_size: int = 4,
    statement_timeout_s: float = COMMAND_TIMEOUT_S,
    role: str | None = None,
    on_lend: Callable[[asyncpg.pool.PoolConnectionProxy], Awaitable[None]] | None = None,
) -> asyncpg.Pool:
    """Open a pool whose connections have time limits, UTC and jsonb codecs.

    Parameters: dsn in libpq form, e.g. `postgresql://user@/db?host=/socket/dir`; `role` to work as, where it
    is not the user of the dsn; `on_lend` is done with every connection before it is lent.
    A password in a file (`store.password`) is read for each new connection, so it may change.
    Raises: OSError or asyncpg.PostgresError when the database does not answer within 5 seconds.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=max_size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=statement_timeout_s,
        server_settings={
            **_SESSION,
            "statement_timeout": str(round(statement_timeout_s * 1000)),
            "application_name": application,
            **({"role": role} if role else {}),
        },
        init=prepare_connection,
        setup=on_lend,
        password=password_reader(),
    )


async def run_transaction(
    pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]], *, isolation: str = "read_committed"
) -> T:
    """Run work(conn) in one transaction; when the session is lost, try again for about 8 seconds.

    A lost COMMIT has an unknown outcome, so work must be harmless when repeated. Work that is not, because it
    counts or moves an offset, goes through `OffsetFence.apply`, which looks before it repeats.
    """
    async for attempt in attempts():
        with attempt:
            async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as conn, conn.transaction(isolation=isolation):
                return await work(conn)
    raise AssertionError("unreachable: the last attempt returns or raises")


def attempts() -> AsyncIterator[stamina.Attempt]:
    """As many as a restart of the server needs, the first ones soon after each other: about 8 seconds."""
    return stamina.retry_context(
        on=CONNECTION_LOST, attempts=8, timeout=None, wait_initial=0.05, wait_max=4.0, wait_jitter=0.05
    ).__aiter__()


class Database:
    """An asyncpg pool with its own event loop in a thread, for services that are not asynchronous.

    >>> db = Database(dsn)
    >>> db.run(insert_rows_somewhere(db.pool))
    >>> db.close()
    """

    def __init__(
        self,
        dsn: str,
        *,
        application: str = "tapeline",
        max_size: int = 4,
        statement_timeout_s: float = COMMAND_TIMEOUT_S,
        role: str | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="database", daemon=True)
        self._thread.start()
        try:
            self.pool: asyncpg.Pool = self.run(
                connect_pool(
                    dsn,
                    application=application,
                    max_size=max_size,
                    statement_timeout_s=statement_timeout_s,
                    role=role,
                )
            )
        except BaseException:
            self._stop_loop()
            raise

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = 120.0) -> T:
        """Run a coroutine on the database's loop and wait for its result; raises what it raises."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except FutureTimeout:
            future.cancel()
            raise

    def transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`run_transaction` on the own pool."""
        return self.run(run_transaction(self.pool, work))

    def close(self) -> None:
        """Close the connections, by force after five seconds, and end the thread."""
        try:
            self.run(asyncio.wait_for(self.pool.close(), 5.0))
        except TimeoutError:
            self._loop.call_soon_threadsafe(self.pool.terminate)
        self._stop_loop()

    def _stop_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        if not self._thread.is_alive():
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
