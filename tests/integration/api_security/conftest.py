"""The gateway's application in process over a real database, as the role it has in production."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest

from api_gateway.adapters.audit_log import AuditLog
from api_gateway.adapters.key_store import KeyStore
from api_gateway.adapters.repository import Repository
from api_gateway.adapters.row_security import ROLE, set_reach
from api_gateway.app import protected
from api_gateway.core.book import BookChange
from api_gateway.core.pipeline import Offsets
from api_gateway.core.rate import TokenBuckets
from api_gateway.core.view import View
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.audit import Audit
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.security.keys import Keys
from api_gateway.state import Gateway
from chassis.clock import SystemClock
from chassis.health import Health
from contracts import Trade
from store.database import connect_pool
from testkit.builders import make_instrument, make_portfolio, make_position_value, make_valuation

KEY = "security-test-key-0123456789"
URL = "http://gateway"
NOTHING = cast(Any, None)


class Analyst:
    """A risk service that has an answer for everything, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, name: str, request: Any) -> bytes:
        self.asked.append(name)
        return b"{}"


class Broker:
    """Stands in for the broker: takes every book and trade, and tells how far nobody is."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()

    async def offsets(self) -> Offsets:
        return Offsets({("marketdata.ticks.v1", 0): (0, 17)}, {})

    async def settle(self) -> None:
        pass

    async def publish(self, change: BookChange) -> None:
        pass

    async def book(self, portfolio_id: str, key: str, wanted: tuple[Trade, ...]) -> None:
        pass


@dataclass
class Desk:
    """The application, who may open it, and clients."""

    app: Any
    gateway: Gateway
    security: Security
    analyst: Analyst
    pool: asyncpg.Pool
    owners: asyncpg.Pool
    admin: httpx.AsyncClient = NOTHING
    writing: "asyncio.Task[None]" = NOTHING
    """The writer of the audit log."""
    key_file: Path = NOTHING
    keys: httpx.AsyncClient = NOTHING
    """The same as `admin`, at the administrative port."""

    def client(self, **headers: str) -> httpx.AsyncClient:
        return client_of(self.app, headers)

    def at_admin_port(self, **headers: str) -> httpx.AsyncClient:
        return client_of(AdminPort(self.app), headers)

    async def key(
        self, *portfolios: str, scopes: tuple[str, ...] = ("read",), owner: str = "ann"
    ) -> dict[str, Any]:
        """What making a key answers."""
        body = {"owner": owner, "scopes": scopes, "portfolios": portfolios}
        answer = await self.keys.post("/v1/keys", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def person(self, *portfolios: str, scopes: tuple[str, ...] = ("read",)) -> httpx.AsyncClient:
        """A client with a key of its own."""
        made = await self.key(*portfolios, scopes=scopes)
        return self.client(**{"X-API-Key": made["key"]})

    async def browser(self) -> httpx.AsyncClient:
        """A client signed in by a link of the platform."""
        link = (await self.admin.post("/v1/signin-links")).json()["path"]
        client = self.client()
        assert (await client.get(link)).status_code == 303
        return client

    async def owner(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """A statement of the database's owner."""
        return await self.owners.fetch(sql, *values)


def client_of(app: Any, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=URL, headers=headers)


@pytest.fixture
async def desk(postgres: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Portfolios MINE (with MINE-EU below it) and YOURS, each with a value."""
    (tmp_path / "key").write_text(KEY)
    pool = await connect_pool(postgres, max_size=2, role=ROLE, on_lend=set_reach)
    owners = await connect_pool(postgres, max_size=2)
    view, clock = View(), SystemClock()
    for name, parent in (("MINE", None), ("MINE-EU", "MINE"), ("YOURS", None)):
        view.put_portfolio(make_portfolio(name, parent_id=parent))
        view.put_valuation(make_valuation(name, "14:00", make_position_value("IBM", "1", "10")))
    view.put_instrument(make_instrument("IBM"))
    analyst, broker = Analyst(), cast(Any, Broker())
    gateway = Gateway(view, Health(), clock, Repository(pool), broker, broker, cast(Any, analyst), broker)
    audit_log = AuditLog(pool)
    key_file = KeyFile(tmp_path / "key")
    security = Security(
        key_file,
        Keys(KeyStore(pool), b"a pepper of the tests", clock, key_file.newest),
        audit=Audit(audit_log, clock, reads=False),
        buckets=TokenBuckets(1000.0, 1000),
    )
    app = protected(gateway, security, 100_000)
    writing = asyncio.create_task(audit_log.run())
    desk = Desk(app, gateway, security, analyst, pool, owners, writing=writing, key_file=tmp_path / "key")
    desk.admin, desk.keys = desk.client(**{"X-API-Key": KEY}), desk.at_admin_port(**{"X-API-Key": KEY})
    yield desk
    writing.cancel()
    await pool.close()
    await owners.close()
