"""ETag and 304, the trace id of every answer."""

from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from testkit.builders import make_instrument, make_portfolio, make_position_value, make_valuation

KEY = "unit-test-key-0123456789"
VALUE, POSITIONS, INSTRUMENTS = "/v1/portfolios/P/value", "/v1/portfolios/P/positions", "/v1/instruments"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def gateway() -> Gateway:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_instrument(make_instrument("IBM"))
    view.put_valuation(make_valuation("P", "14:00", make_position_value("IBM", "1", "10")))
    return Gateway(view, Health(), FixedClock(), nothing, nothing, nothing, nothing, nothing)


@pytest.fixture
def client(gateway: Gateway, tmp_path: Path) -> httpx.AsyncClient:
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(key_file)), 1000))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


@pytest.mark.parametrize("path", [VALUE, POSITIONS, INSTRUMENTS])
async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    changed = await client.get(path, headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)


async def test_a_recalculation_is_sent_although_market_time_stood_still(
    gateway: Gateway, client: httpx.AsyncClient
) -> None:
    etag = (await client.get(VALUE)).headers["etag"]
    line = make_position_value("IBM", "1", "11")
    gateway.view.put_valuation(make_valuation("P", "14:00", line, valuation_id="P:last:14:00:2"))
    answer = await client.get(VALUE, headers={"If-None-Match": etag})
    assert answer.json()["market_value"]["amount"] == "11"
    assert answer.headers["etag"] != etag


async def test_problems_have_no_tag(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/portfolios/NOPE/value", headers={"If-None-Match": "*"})
    assert (answer.status_code, "etag" in answer.headers) == (404, False)


async def test_the_trace_id_of_the_caller_is_in_answers_and_problems(client: httpx.AsyncClient) -> None:
    parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    for path in (VALUE, VALUE, INSTRUMENTS):  # the second value is a kept one
        assert (await client.get(path, headers=parent)).headers["x-trace-id"] == TRACE
    problem = await client.get("/v1/instruments/NOPE", headers=parent)
    assert problem.headers["x-trace-id"] == problem.json()["trace_id"] == TRACE
    unknown = await client.get("/v1/instruments", headers={**parent, "X-API-Key": "wrong"})
    assert (unknown.status_code, unknown.headers["x-trace-id"]) == (401, TRACE)


@pytest.mark.parametrize(
    "parent",
    [
        None,
        "nonsense",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-b7ad6b7169203331-01",
    ],
)
async def test_without_a_valid_parent_every_request_gets_a_trace_id_of_its_own(
    client: httpx.AsyncClient, parent: str | None
) -> None:
    headers = {} if parent is None else {"traceparent": parent}
    found = {(await client.get(VALUE, headers=headers)).headers["x-trace-id"] for _ in range(2)}
    assert len(found) == 2
    assert TRACE not in found
    assert all(len(one) == 32 for one in found)
