"""A query parameter that a route does not take is refused, whatever the route."""

from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api_gateway.app import build, protected
from api_gateway.core.view import View
from api_gateway.openapi import document
from api_gateway.security.access import is_administrative
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from testkit.builders import make_portfolio, make_position_value, make_valuation

KEY = "unit-test-key-0123456789"
VALUE = "/v1/portfolios/P/value"
OPERATIONS = [
    (method, path, operation)
    for path, item in document(build())["paths"].items()
    for method, operation in item.items()
]


@pytest.fixture
def app(tmp_path: Path) -> Any:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_valuation(make_valuation("P", "14:00", make_position_value("IBM", "1", "10")))
    (tmp_path / "key").write_text(KEY)
    gateway = Gateway(view, Health(), FixedClock(), nothing, nothing, nothing, nothing, nothing)
    return protected(gateway, Security(KeyFile(tmp_path / "key")), 1000)


def client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda one: str(one)[:60])
async def test_every_route_names_the_unknown_one_and_those_it_takes(
    app: Any, method: str, path: str, operation: dict[str, Any]
) -> None:
    asked_at = AdminPort(app) if is_administrative(operation["operationId"]) else app
    answer = await client(asked_at).request(method, path, params={"nonsense": "1"})
    documented = sorted(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    problem = answer.json()
    assert (answer.status_code, problem.get("available", [])) == (422, documented)
    assert "'nonsense'" in problem["detail"]
    assert problem["errors"] == [{"pointer": "query.nonsense", "detail": "not a parameter"}]


async def test_a_parameter_of_another_route_is_unknown_beside_a_kept_answer_too(app: Any) -> None:
    asked = client(app)
    assert [(await asked.get(VALUE)).status_code for _ in range(2)] == [200, 200]
    answer = await asked.get(VALUE, params={"basis": "last", "date": "2013-10-07"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query.date")
    assert (await asked.get("/v1/portfolios/P/pnl?as_of=2013-10-07T14:30:00Z")).status_code == 422
    assert (await asked.get(VALUE, params={"basis": "last"})).status_code == 200


async def test_the_dashboard_takes_anything(app: Any) -> None:
    for path in ("/?from=mail", "/assets/app.css?v=2"):
        assert (await client(app).get(path)).status_code == 200
