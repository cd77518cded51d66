"""The audit log: one entry per change and per refusal, in a chain that shows tampering."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api_gateway.adapters.row_security import see
from api_gateway.app import build
from api_gateway.core.reach import EVERYTHING
from api_gateway.openapi import document
from api_gateway.security.access import is_administrative
from tapeline_cli.audit import BROKEN

pytestmark = pytest.mark.integration

LIMIT = {"portfolio_id": "MINE", "measure": "gross", "hard_level": 10.0}
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in document(build())["paths"].items()
    for method, operation in item.items()
}
IN_PATH = {
    "portfolio_id": "MINE",
    "limit_id": "kept",
    "symbol": "IBM",
    "name": "daily-pnl",
    "prefix": "000000000000",
}
NEWEST = "SELECT * FROM ops.audit_log WHERE number > $1 ORDER BY number"


async def entries_since(desk, number: int) -> list[Any]:
    """Entries of refused reads are written a moment after the answer."""
    await desk.security.audit._log._waiting.join()
    return await desk.owner(NEWEST, number)


async def last(desk) -> int:
    await desk.security.audit._log._waiting.join()
    return await desk.owners.fetchval("SELECT coalesce(max(number), 0) FROM ops.audit_log")


async def test_a_change_leaves_one_entry_that_says_who_what_and_when(desk) -> None:
    ann = await desk.person("MINE", scopes=("read", "limits"))
    before = await last(desk)
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert (await ann.put("/v1/limits/audited", json=LIMIT, headers=headers)).status_code == 200
    (entry,) = await entries_since(desk, before)
    assert (entry["principal"], entry["method"], entry["route"]) == ("ann", "PUT", "/v1/limits/{limit_id}")
    assert (entry["path"], entry["portfolio_id"]) == ("/v1/limits/audited", "MINE")
    assert (entry["status"], entry["result"], entry["trace_id"]) == (200, "done", trace)
    (key,) = await desk.owner("SELECT owner FROM ops.api_key WHERE prefix = $1", entry["credential"])
    assert key["owner"] == "ann"


async def test_every_refusal_leaves_one_entry_and_a_read_none(desk) -> None:
    ann = await desk.person("MINE")
    before = await last(desk)
    for path in ("/v1/portfolios/MINE/value", "/v1/portfolios/YOURS/value", "/metrics"):
        await ann.get(path)
    await desk.client().get("/v1/portfolios")
    await ann.put("/v1/limits/x", json=LIMIT)
    found = [(one["principal"], one["status"], one["result"]) for one in await entries_since(desk, before)]
    assert found == [
        ("ann", 404, "denied"),
        ("ann", 403, "denied"),
        ("stranger", 401, "denied"),
        ("ann", 403, "denied"),
    ]


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"stream"}))
async def test_where_reads_are_wanted_every_route_leaves_exactly_one(desk, name: str) -> None:
    """What is open to all is about nobody and leaves none, but signing in is a deed."""
    desk.security.audit._reads = True
    method, path, _ = OPERATIONS[name]
    before = await last(desk)
    client = desk.keys if is_administrative(name) else desk.admin
    answer = await client.request(method, path.format(**IN_PATH), json={})
    found = [(one["method"], one["route"], one["status"]) for one in await entries_since(desk, before)]
    unrecorded = {"getHealth", "getReadiness"}
    assert found == ([] if name in unrecorded else [(method, path, answer.status_code)])


async def test_a_change_that_ends_in_an_error_of_ours_leaves_its_entry(desk, monkeypatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a fault in the code")

    monkeypatch.setattr(desk.gateway.repository.limits, "define", broken)
    before = await last(desk)
    answer = await desk.admin.put("/v1/limits/broken", json=LIMIT)
    assert answer.status_code == 500
    (entry,) = await entries_since(desk, before)
    assert (entry["route"], entry["status"], entry["result"]) == ("/v1/limits/{limit_id}", 500, "failed")
    assert entry["trace_id"] == answer.headers["x-trace-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_signing_in_leaves_an_entry_whether_it_is_let_in_or_not(desk) -> None:
    made = await desk.key("MINE")
    link = (await desk.client(**{"X-API-Key": made["key"]}).post("/v1/signin-links")).json()["path"]
    before = await last(desk)
    assert [(await desk.client().get(link)).status_code for _ in range(2)] == [303, 401]
    good, refused = await entries_since(desk, before)
    assert (good["principal"], good["route"], good["status"], good["result"]) == (
        "ann",
        "/signin",
        303,
        "done",
    )
    (session,) = await desk.owner("SELECT kind FROM ops.api_key WHERE prefix = $1", good["credential"])
    assert session["kind"] == "session"
    assert (refused["principal"], refused["status"], refused["result"]) == ("stranger", 401, "denied")


async def test_who_asks_too_often_is_recorded_also_with_a_key_that_may_do_everything(desk) -> None:
    root = await desk.person("*", scopes=("admin",))
    desk.security.buckets._burst, desk.security.buckets._per_s = 1, 0.001
    before = await last(desk)
    assert [(await root.get("/v1/portfolios")).status_code for _ in range(2)] == [200, 429]
    (entry,) = await entries_since(desk, before)
    assert (entry["principal"], entry["status"], entry["result"]) == ("ann", 429, "denied")


async def test_no_secret_gets_into_an_entry(desk) -> None:
    made = await desk.key("MINE", scopes=("trade",))
    link = (await desk.admin.post("/v1/signin-links")).json()["path"]
    browser = desk.client()
    await browser.get(link)
    await browser.put("/v1/limits/x", json=LIMIT)
    await desk.client(**{"X-API-Key": made["key"]}).get("/v1/portfolios/MINE/value?key=canary-in-query")
    await desk.client(Authorization="Bearer canary-in-header").get("/v1/portfolios")
    written = str(await desk.owner("SELECT audit_log::text FROM ops.audit_log"))
    secrets = [made["key"], link.partition("token=")[2], *browser.cookies.values(), "canary"]
    assert [secret for secret in secrets if secret in written] == []


async def test_strangers_cannot_fill_the_disk(desk) -> None:
    before = await last(desk)
    stranger = desk.client()
    for _ in range(300):
        await stranger.get("/v1/portfolios")
    found = await entries_since(desk, before)
    assert 90 <= len(found) < 200
    await asyncio.sleep(0.5)
    await stranger.get("/v1/portfolios")
    (late,) = await entries_since(desk, found[-1]["number"])
    told = [one["details"].get("unrecorded_before", 0) for one in (*found, late)]
    assert sum(told) == 300 - len(found)


async def test_the_gateway_adds_and_nobody_changes(desk) -> None:
    await desk.admin.put("/v1/limits/kept", json=LIMIT)
    see(EVERYTHING)
    for statement in (
        "UPDATE ops.audit_log SET principal = 'nobody'",
        "DELETE FROM ops.audit_log",
        "TRUNCATE ops.audit_log",
        "SELECT * FROM ops.audit_log",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await desk.pool.execute(statement)
    for statement in ("UPDATE ops.audit_log SET principal = 'nobody'", "DELETE FROM ops.audit_log"):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="kept as it was written"):
            await desk.owners.execute(statement)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ops.audit_log SET principal = 'nobody' WHERE number = $1",
        "UPDATE ops.audit_log SET at = at + interval '1 second' WHERE number = $1",
        "UPDATE ops.audit_log SET details = '{}' WHERE number = $1",
        "DELETE FROM ops.audit_log WHERE number = $1",
        "UPDATE ops.audit_log SET status = 200, hash = sha256('forged') WHERE number = $1",
    ],
)
async def test_tampering_breaks_the_chain(desk, tampering: str) -> None:
    """Also for the owner of the table, who can switch the triggers off."""
    for _ in range(3):
        await desk.admin.put("/v1/limits/chained", json=LIMIT)
    victim = await desk.owners.fetchval("SELECT max(number) - 1 FROM ops.audit_log")
    async with desk.owners.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        assert await conn.fetch(BROKEN) == []
        await conn.execute("ALTER TABLE ops.audit_log DISABLE TRIGGER keep")
        await conn.execute(tampering, victim)
        broken = await conn.fetch(BROKEN)
        assert broken[0]["number"] in (victim, victim + 1)
        await transaction.rollback()


async def test_entries_of_many_at_once_make_one_chain(desk) -> None:
    before = await last(desk)
    clients = [await desk.person("MINE", scopes=("limits",)) for _ in range(4)]
    made = await last(desk) - before
    await asyncio.gather(*(one.put("/v1/limits/many", json=LIMIT) for one in clients for _ in range(10)))
    found = await entries_since(desk, before)
    assert [one["number"] for one in found] == list(range(before + 1, before + made + 41))
    assert await desk.owner(BROKEN) == []
