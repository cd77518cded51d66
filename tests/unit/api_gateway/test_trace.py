"""With a collector, a request is a span under the trace id that the answer, problems and the log have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from opentelemetry.trace import format_span_id, format_trace_id

from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from testkit.builders import make_portfolio, make_position_value, make_valuation
from testkit.traces import TracedService, ids_of, tracing

KEY = "unit-test-key-0123456789"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALUE = "/v1/portfolios/P/value"


@pytest.fixture
def traced() -> Iterator[TracedService]:
    with tracing() as service:
        yield service


@pytest.fixture
def client(traced: TracedService, tmp_path: Path) -> httpx.AsyncClient:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_valuation(make_valuation("P", "14:00", make_position_value("IBM", "1", "10")))
    gateway = Gateway(view, Health(), FixedClock(), nothing, nothing, nothing, nothing, nothing)
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    app = protected(gateway, Security(KeyFile(key_file)), 1000)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


async def test_the_span_of_a_request_has_the_trace_id_of_its_answer(
    client: httpx.AsyncClient, traced: TracedService
) -> None:
    answers = [await client.get(VALUE), await client.get(VALUE), await client.get("/v1/portfolios/NO/value")]
    spans = traced.finished()  # the second value was a kept one
    assert [format_trace_id(ids_of(span)[0]) for span in spans] == [
        answer.headers["x-trace-id"] for answer in answers
    ]
    assert answers[2].json()["trace_id"] == answers[2].headers["x-trace-id"]
    template = "/v1/portfolios/{portfolio_id}/value"
    assert {span.name for span in spans} == {f"GET {template}"}
    told = {"http.request.method": "GET", "http.route": template}
    assert [dict(span.attributes or {}) for span in spans] == [
        {**told, "http.response.status_code": status} for status in (200, 200, 404)
    ]


async def test_a_request_goes_on_in_the_trace_of_its_caller(
    client: httpx.AsyncClient, traced: TracedService
) -> None:
    for sampled in ("01", "00"):
        answer = await client.get(VALUE, headers={"traceparent": f"00-{TRACE}-{SPAN}-{sampled}"})
        assert answer.headers["x-trace-id"] == TRACE
    [span] = traced.finished()  # of what the caller does not trace nothing is kept
    assert span.parent is not None
    assert (format_trace_id(ids_of(span)[0]), format_span_id(span.parent.span_id)) == (TRACE, SPAN)


async def test_a_failure_is_told_under_the_same_id(client: httpx.AsyncClient, traced: TracedService) -> None:
    answer = await client.get("/v1/limits/events")  # there is no database behind this gateway
    assert answer.status_code == 500
    [span] = traced.finished()
    assert answer.headers["x-trace-id"] == answer.json()["trace_id"] == format_trace_id(ids_of(span)[0])
    assert span.events[0].name == "exception"


async def test_a_span_tells_no_secret(client: httpx.AsyncClient, traced: TracedService) -> None:
    await client.get("/signin", params={"token": "tl_secret"})
    [span] = traced.finished()
    assert "tl_secret" not in span.to_json()
    assert KEY not in span.to_json()
