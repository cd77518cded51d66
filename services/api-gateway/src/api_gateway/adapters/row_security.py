"""The second wall: PostgreSQL itself shows the gateway only rows of portfolios that the caller reaches.

The gateway works as a role that row-level security binds. Whenever the pool lends a connection, what the
caller reaches is set on it; when the connection comes back, asyncpg resets it. So every statement is covered,
also one outside a transaction, and a statement for nobody sees nothing. It follows that a connection pooler
between the gateway and PostgreSQL must pool sessions, not transactions.
"""

from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

import msgspec
from asyncpg.pool import PoolConnectionProxy

from api_gateway.core.principal import ALL_PORTFOLIOS
from api_gateway.core.reach import EVERYTHING, NOTHING, Reach

ROLE = "tapeline_gateway"
_SET = "SELECT set_config('app.portfolios', $1, false)"
# A request is a task of its own, and so has a context of its own.
_reach: ContextVar[Reach] = ContextVar("reach", default=NOTHING)


def see(reach: Reach) -> None:
    """From here on this task's statements see the rows of this reach."""
    _reach.set(reach)


async def seeing_everything(work: Coroutine[Any, Any, None]) -> None:
    """Work of the gateway itself, which is for nobody in particular."""
    see(EVERYTHING)
    await work


async def set_reach(conn: PoolConnectionProxy) -> None:
    """Done by the pool with every connection that it lends."""
    portfolios = _reach.get().portfolios
    setting = ALL_PORTFOLIOS if portfolios is None else msgspec.json.encode(sorted(portfolios)).decode()
    await conn.execute(_SET, setting)
