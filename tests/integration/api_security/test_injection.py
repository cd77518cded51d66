"""Hostile text in every text of every operation: it is only text, and no answer is an error of ours."""

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from api_gateway.app import build
from api_gateway.openapi import document
from api_gateway.security.access import is_administrative

pytestmark = pytest.mark.integration

CORPUS = (
    "\0",
    "a\0b",
    "'",
    "' OR '1'='1",
    "'; DROP TABLE ops.fill; --",
    '"; DROP TABLE ops.fill; --',
    "$1",
    "$$; SELECT pg_sleep(9); $$",
    "\\",
    "%s%n{0}",
    "*",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "\ud7ff\ue000\uffff",
    "{{7*7}}",
    "x" * 5000,
)
ENDLESS = {"stream"}
DOCUMENT = document(build())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if operation["operationId"] not in ENDLESS
}
GOOD = {
    "portfolio_id": "MINE",
    "limit_id": "kept",
    "symbol": "IBM",
    "name": "daily-pnl",
    "prefix": "000000000000",
    "date": "2013-10-07",
    "token": "tl_000000000000_x",
    "Idempotency-Key": "k1",
}
WHOLE = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'ops'"


def is_text(schema: dict[str, Any]) -> bool:
    """Whether a value of this schema is sent as text that is not checked to be something else."""
    kinds = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return any(one.get("type") == "string" or "enum" in one or "const" in one for one in kinds)


def texts_in(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of an example of a body are, keys of mappings left out."""
    if isinstance(value, str):
        yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from texts_in(one, (*place, key))


def put(value: Any, place: tuple[Any, ...], text: str) -> Any:
    """A copy with a text in one place."""
    found = copy.deepcopy(value)
    holder = found
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = text
    return found


def example_of(operation: dict[str, Any]) -> Any:
    """A body that the document gives as an example."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = schema.get("oneOf", schema.get("anyOf", [schema]))[0]
    return SCHEMAS[schema["$ref"].rpartition("/")[2]]["examples"][0]


def parameters() -> list[tuple[str, str, str]]:
    """Operation, place and name of every parameter that is text."""
    return [
        (name, one["in"], one["name"])
        for name, (_, _, operation) in OPERATIONS.items()
        for one in operation.get("parameters", ())
        if is_text(one["schema"])
    ]


async def ask(desk, name: str, given: dict[str, str], body: Any = None) -> Any:
    """Ask with what is given, and else with what is good."""
    method, path, operation = OPERATIONS[name]
    sent: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for one in operation.get("parameters", ()):
        if one["name"] in given or one.get("required"):
            sent[one["in"]][one["name"]] = given.get(one["name"], GOOD.get(one["name"], "x"))
    for key, value in sent["path"].items():
        path = path.replace("{" + key + "}", quote(value, safe=""))
    if body is None and "requestBody" in operation:
        body = example_of(operation)
    client = desk.keys if is_administrative(name) else desk.admin
    headers = {key: value.encode() for key, value in sent["header"].items()}
    return await client.request(method, path, params=sent["query"], headers=headers, json=body)


@pytest.mark.parametrize(("name", "place", "parameter"), parameters())
async def test_text_in_a_parameter_is_only_text(desk, name: str, place: str, parameter: str) -> None:
    before = await desk.owners.fetchval(WHOLE)
    for text in CORPUS:
        answer = await ask(desk, name, {parameter: text})
        assert answer.status_code < 500, (text, answer.text)
        if "\0" in text:
            assert answer.status_code in (401, 404, 422), (text, answer.text)
        assert "set-cookie" not in answer.headers
    assert await desk.owners.fetchval(WHOLE) == before


@pytest.mark.parametrize("name", [name for name, (*_, told) in OPERATIONS.items() if "requestBody" in told])
async def test_text_in_a_body_is_only_text(desk, name: str) -> None:
    before, example = await desk.owners.fetchval(WHOLE), example_of(OPERATIONS[name][2])
    for place in texts_in(example):
        for text in CORPUS:
            answer = await ask(desk, name, {}, put(example, place, text))
            assert answer.status_code < 500, (place, text, answer.text)
            if "\0" in text:
                assert answer.status_code == 422, (place, answer.text)
    assert await desk.owners.fetchval(WHOLE) == before


def test_the_corpus_meets_every_kind_of_place() -> None:
    assert len(parameters()) > 80
    assert {place for _, place, _ in parameters()} == {"path", "query", "header"}
