"""The door and what lies around it: credentials, rates, headers, who may pass without a key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api_gateway.app import build, protected
from api_gateway.core.keys import StoredKey, digest, new_key
from api_gateway.core.rate import TokenBuckets
from api_gateway.core.view import View
from api_gateway.security.access import AT_BOTH_PORTS, NEEDED, OPEN, OWN, is_administrative
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.door import Security, is_open
from api_gateway.security.file_key import KeyFile
from api_gateway.security.keys import Keys
from api_gateway.state import Gateway
from chassis.clock import SystemClock
from chassis.health import Health
from testkit.builders import make_portfolio, make_position_value, make_valuation

KEY, PEPPER = "unit-test-key-0123456789", b"pepper of the tests"
VALUE = "/v1/portfolios/MINE/value"


@pytest.fixture
def security(tmp_path: Path) -> Security:
    (tmp_path / "key").write_text(KEY)
    keys = Keys(cast(Any, None), PEPPER, SystemClock())
    return Security(KeyFile(tmp_path / "key"), keys, buckets=TokenBuckets(per_s=5, burst=20))


@pytest.fixture
def app(security: Security) -> Any:
    view, nothing = View(), cast(Any, None)
    for name in ("MINE", "YOURS"):
        view.put_portfolio(make_portfolio(name))
        view.put_valuation(make_valuation(name, "14:00", make_position_value("IBM", "1", "10")))
    gateway = Gateway(view, Health(), SystemClock(), nothing, nothing, nothing, nothing, nothing)
    return protected(gateway, security, 1000)


def client(app: Any, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://gateway", headers=headers
    )


def give_key(security: Security, *scopes: Any, kind: Any = "key") -> str:
    """A key of MINE that the ring knows."""
    assert security.keys is not None
    text, now = new_key(), datetime.now(UTC)
    row = StoredKey(
        prefix=text.split("_")[1],
        key_hash=digest(PEPPER, text.encode()),
        kind=kind,
        owner="ann",
        scopes=scopes,
        portfolios=("MINE",),
        issued_by="file",
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    security.keys.ring.replace([row])
    return text


async def test_without_a_credential_only_these_routes_answer(app: Any) -> None:
    """Every route is asked; what does not refuse a stranger must be known to be open."""
    open_routes = set()
    app.state.security.buckets._burst = 1000  # strangers share a bucket, also at the sign-in
    async with client(app) as stranger:
        for route in iter_route_contexts(app.routes):
            path, method = route.path, next(iter(route.methods or {"GET"}))
            answer = await stranger.request(method, path.replace("{", "").replace("}", ""))
            if answer.status_code != 401:
                open_routes.add(path)
    # The one answers 422: it wants the link's token, which is the credential.
    assert open_routes == {"/healthz", "/readyz", "/signin", "/", "/assets/{name}"}
    assert all(is_open(path) for path in open_routes)


def test_every_route_says_what_it_needs() -> None:
    routes = [context.route for context in iter_route_contexts(build().routes)]
    names = {route.operation_id for route in routes if isinstance(route, APIRoute)}
    assert names == {*NEEDED, *OPEN, *OWN}


async def test_each_port_refuses_what_is_asked_at_the_other(app: Any) -> None:
    """Every route is asked at the wrong port, with the key that may do everything."""
    wrong: dict[str, set[str]] = {"administrative": set(), "main": set()}
    async with (
        client(app, **{"X-API-Key": KEY}) as main,
        client(AdminPort(app), **{"X-API-Key": KEY}) as admin,
    ):
        for context in iter_route_contexts(app.routes):
            if not isinstance(context.route, APIRoute) or context.route.operation_id in AT_BOTH_PORTS:
                continue
            operation = str(context.route.operation_id)
            right = "administrative" if is_administrative(operation) else "main"
            other = main if is_administrative(operation) else admin
            answer = await other.request(next(iter(context.methods or {"GET"})), str(context.path))
            assert (answer.status_code, f"{right} port only" in answer.text) == (404, True), operation
            wrong[right].add(operation)
    assert wrong["administrative"] == {"createKey", "listKeys", "revokeKey"}
    assert wrong["main"] == ({*NEEDED, *OPEN, *OWN} - wrong["administrative"]) - AT_BOTH_PORTS


async def test_the_administrative_port_has_health_but_no_kept_answers(app: Any) -> None:
    async with (
        client(app, **{"X-API-Key": KEY}) as main,
        client(AdminPort(app), **{"X-API-Key": KEY}) as admin,
    ):
        assert [(await main.get(VALUE)).status_code for _ in range(2)] == [200, 200]
        assert (await admin.get(VALUE)).status_code == 404
        assert (await admin.get("/healthz")).status_code == 200
        assert (await admin.get("/v1/keys", headers={"X-API-Key": ""})).status_code == 401


async def test_a_key_comes_in_either_header(app: Any, security: Security) -> None:
    key = give_key(security, "read")
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        async with client(app, **headers) as ann:
            assert (await ann.get(VALUE)).status_code == 200
            assert (await ann.get("/v1/portfolios/YOURS/value")).status_code == 404
            assert (await ann.get("/metrics")).status_code == 403
            assert (await ann.get("/v1/session")).json()["name"] == "ann"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": KEY + "x"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer a.b.c"},
        {"Cookie": f"tapeline_session_0={KEY}"},
        {"Cookie": "tapeline_session_0=; a=b; ;="},
    ],
)
async def test_what_is_no_credential_is_refused(app: Any, headers: dict[str, str]) -> None:
    async with client(app, **headers) as stranger:
        answer = await stranger.get(VALUE)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:tapeline:unauthenticated")
    assert answer.headers["www-authenticate"]


async def test_a_burst_is_answered_and_the_rest_told_to_wait(app: Any, security: Security) -> None:
    async with client(app, **{"X-API-Key": give_key(security, "read")}) as ann:
        found = [await ann.get(VALUE) for _ in range(1000)]
    refused = [answer for answer in found if answer.status_code == 429]
    assert 20 <= len(found) - len(refused) < 500
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    async with client(app, **{"X-API-Key": KEY}) as platform:
        assert {(await platform.get(VALUE)).status_code for _ in range(30)} == {200}


async def test_strangers_have_one_bucket_between_them(app: Any) -> None:
    async with client(app) as stranger:
        found = [
            (await stranger.get(VALUE, headers={"X-API-Key": f"guess-{n}"})).status_code for n in range(30)
        ]
    assert set(found[:20]) == {401}
    assert 429 in found


async def test_every_answer_carries_the_headers_of_safety(app: Any) -> None:
    async with client(app, **{"X-API-Key": KEY}) as platform:
        for path in ("/healthz", VALUE, VALUE, "/v1/portfolios/NOPE", "/nothing", "/"):
            headers = (await platform.get(path)).headers
            assert "default-src 'self'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == (
                "nosniff",
                "no-referrer",
            )
            assert len(headers.get_list("content-security-policy")) == 1


async def test_no_other_site_may_read_and_nothing_tells_how_we_are_made(app: Any) -> None:
    async with client(app, **{"X-API-Key": KEY, "Origin": "https://evil.example"}) as platform:
        answer = await platform.get(VALUE)
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["server"] == "tapeline"
        assert [(await platform.get(path)).status_code for path in ("/docs", "/redoc")] == [404, 404]
        preflight = await platform.options(VALUE, headers={"Access-Control-Request-Method": "GET"})
        assert preflight.status_code == 405


async def test_who_forwards_is_not_believed(app: Any, security: Security) -> None:
    """A stranger's `X-Forwarded-*` changes neither the host that must match nor the port of the cookie."""
    session = give_key(security, "read", "limits", kind="session")
    cookies = {"tapeline_session_0": session, "tapeline_session_None": session}
    async with client(app, Cookie="; ".join(f"{k}={v}" for k, v in cookies.items())) as browser:
        forged = {
            "Origin": "https://evil.example",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "host=evil.example",
        }
        answer = await browser.put("/v1/limits/x", json={}, headers=forged)
        assert answer.status_code == 403
        assert "own pages" in answer.json()["detail"]
