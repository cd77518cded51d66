"""The client sends what the document says and takes what it promises."""

import inspect
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

import tapeline_client
from client_tools.annotations import identifier
from client_tools.operations import operations_module
from client_tools.types import types_module
from tapeline_client import ApiProblem, Client, ClientError, Unreachable, types
from tapeline_client.events import events
from tapeline_client.operations import Operations

DOCUMENT = json.loads(
    (Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8")
)
PACKAGE = Path(tapeline_client.__file__).parent
JSON = "application/json"
OPERATIONS = {
    identifier(operation["operationId"]): (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if hasattr(Operations, identifier(operation["operationId"]))
}
PORTFOLIO = DOCUMENT["components"]["schemas"]["Portfolio"]["examples"][0]
VALUE = DOCUMENT["components"]["schemas"]["Value"]["examples"][0]
Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> Client:
    return Client("http://gateway", "key", transport=httpx.MockTransport(answer))


def example(schema: dict[str, Any]) -> Any:
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"][0]


@pytest.mark.parametrize(("name", "make"), [("types", types_module), ("operations", operations_module)])
def test_generated_modules_are_up_to_date(name: str, make: Callable[[Any], str]) -> None:
    assert (PACKAGE / f"{name}.py").read_text(encoding="utf-8") == make(DOCUMENT), (
        "run `python -m client_tools`"
    )


def test_every_operation_has_a_method_but_for_those_of_browsers_and_probes() -> None:
    left_out = {
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
        if not hasattr(Client, identifier(operation["operationId"]))
    }
    assert left_out == {"getHealth", "getMetrics", "getReadiness", "signIn", "signOut"}


@pytest.mark.parametrize(
    ("name", "shape"), [("daily-pnl", "DailyPnlReport"), ("risk-exposure", "RiskExposureReport")]
)
def test_a_report_has_the_type_of_its_name(name: Any, shape: str) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=DOCUMENT["components"]["schemas"][shape]["examples"][0])

    with client(answer) as api:
        found = api.get_report(name, date(2013, 10, 7), known_at=datetime(2013, 10, 8, tzinfo=UTC))
        with pytest.raises(ValueError, match="there are daily-pnl"):
            api.get_report(cast(Any, "weather"), date(2013, 10, 7))
    assert type(found).__name__ == shape
    (request,) = sent
    assert request.url.path == f"/v1/reports/{name}"
    asked = dict(request.url.params)
    assert asked == {"date": "2013-10-07", "format": "json", "known_at": "2013-10-08T00:00:00+00:00"}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_is_sent_as_documented_and_its_example_is_understood(name: str) -> None:
    method, path, operation = OPERATIONS[name]
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        status, response = next(
            (status, one) for status, one in operation["responses"].items() if JSON in one.get("content", {})
        )
        return httpx.Response(int(status), json=example(response["content"][JSON]["schema"]))

    places, named = _arguments(name, operation)
    with client(answer) as api:
        found = getattr(api, name)(*places, **named)
    assert isinstance(found, msgspec.Struct)
    (request,) = sent
    assert (request.method, request.headers["X-API-Key"]) == (method, "key")
    named_in_path = {one["name"]: "A%2FB" for one in operation.get("parameters", ()) if one["in"] == "path"}
    assert request.url.raw_path.decode().partition("?")[0] == path.format(**named_in_path)
    required = {one["name"] for one in operation.get("parameters", ()) if one.get("required")}
    assert required <= {*request.url.params, *named_in_path, *_header_names(request, operation)}


def _arguments(name: str, operation: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Something for every parameter without a default."""
    places: list[Any] = []
    named: dict[str, Any] = {}
    for one in list(inspect.signature(getattr(Client, name)).parameters.values())[1:]:
        if one.default is not inspect.Parameter.empty:
            continue
        if one.name == "body":
            schema = operation["requestBody"]["content"][JSON]["schema"]
            schema = schema.get("oneOf", [schema])[0]
            shape = getattr(types, schema["$ref"].rpartition("/")[2])
            places.append(shape(**{identifier(own): value for own, value in example(schema).items()}))
        elif one.kind is one.KEYWORD_ONLY:
            named[one.name] = datetime(2013, 10, 7, tzinfo=UTC) if one.annotation is datetime else "text"
        else:
            places.append("A/B")
    return places, named


def _header_names(request: httpx.Request, operation: dict[str, Any]) -> set[str]:
    headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
    return {one for one in headers if one in request.headers}


def test_amounts_are_exact_and_times_have_a_zone() -> None:
    value = {**VALUE, "market_value": {"amount": "0.10000001", "currency": "USD"}}
    with client(lambda _: httpx.Response(200, json=value)) as api:
        found = api.get_value("P", as_of=datetime(2013, 10, 7, 14, 30, tzinfo=UTC))
    assert found.market_value is not None
    assert found.market_value.amount == Decimal("0.10000001")
    assert found.as_of is not None
    assert found.as_of.tzinfo is not None


def test_a_refusal_is_a_problem_with_its_fields() -> None:
    problem = DOCUMENT["components"]["schemas"]["Problem"]["examples"][0]
    with client(lambda _: httpx.Response(422, json=problem)) as api, pytest.raises(ApiProblem) as caught:
        api.get_value("P")
    assert caught.value.status == problem["status"]
    assert caught.value.problem.errors[0].pointer in str(caught.value)


def test_an_answer_of_something_else_is_no_problem_of_ours() -> None:
    with (
        client(lambda _: httpx.Response(502, text="bad gateway")) as api,
        pytest.raises(ClientError, match="502: bad gateway"),
    ):
        api.get_value("P")


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_nobody_there_is_unreachable(error: Exception) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with client(fail) as api, pytest.raises(Unreachable, match="http://gateway"):
        api.get_value("P")


def test_pages_are_followed_to_the_last_one() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor", "")
        portfolio = {
            **DOCUMENT["components"]["schemas"]["Portfolio"]["examples"][0],
            "name": f"after {cursor}",
        }
        following = {"": "a", "a": "b", "b": None}[cursor]
        return httpx.Response(200, json={"data": [portfolio], "next_cursor": following})

    with client(answer) as api:
        assert [one.name for one in api.pages(api.list_portfolios, limit=1)] == [
            "after ",
            "after a",
            "after b",
        ]


def test_events_are_typed_and_unknown_ones_left_out() -> None:
    value = json.dumps(VALUE)
    text = (
        'event: snapshot\ndata: {"reason":"new","events":1}\n\n: heartbeat\n\n'
        f"id: 5f-17\nevent: value\ndata: {value}\n\nevent: later\ndata: {{}}\n\n"
    )
    with (
        client(
            lambda _: httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})
        ) as api,
        api.stream(topics=["values"]) as found,
    ):
        first, second = found
    assert isinstance(first.what, types.SnapshotEvent)
    assert (second.name, second.id, type(second.what)) == ("value", "5f-17", types.Value)
    assert list(events(["event: value"])) == []  # cut off
