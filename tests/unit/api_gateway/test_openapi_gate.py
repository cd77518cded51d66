"""The REST interface stays usable for the clients of its last release."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api_gateway.openapi_gate import breaking

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
RELEASED, COMMITTED = REFERENCE / "openapi-released.json", REFERENCE / "openapi.json"

Document = dict[str, Any]


def read(path: Path) -> Document:
    found: Document = json.loads(path.read_text(encoding="utf-8"))
    return found


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def operation(document: Document, path: str, method: str = "get") -> Document:
    found: Document = document["paths"]["/v1" + path][method]
    return found


def parameter(document: Document, path: str, name: str) -> Document:
    found: Document = next(one for one in operation(document, path)["parameters"] if one["name"] == name)
    return found


VALUE = "/portfolios/{portfolio_id}/value"
BOOK = "/portfolios/{portfolio_id}/positions"

BREAKS: dict[str, Callable[[Document], object]] = {
    "removed": lambda d: d["paths"].pop("/v1" + VALUE),
    "nav: removed": lambda d: schema(d, "Value")["properties"].pop("nav"),
    "currency: may be missing now": lambda d: schema(d, "Value")["required"].remove("currency"),
    "amount: may be number now, was string/decimal": lambda d: schema(d, "Money").update(
        properties={**schema(d, "Money")["properties"], "amount": {"type": "number"}}
    ),
    "currency: may be null now, was string": lambda d: schema(d, "Value")["properties"].update(
        currency={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "basis: may be close now": lambda d: schema(d, "Value")["properties"]["basis"]["enum"].append("close"),
    "query currency: removed": lambda d: operation(d, VALUE)["parameters"].remove(
        parameter(d, VALUE, "currency")
    ),
    "query currency: became required": lambda d: parameter(d, VALUE, "currency").update(required=True),
    "query desk: new and required": lambda d: operation(d, VALUE)["parameters"].append(
        {"in": "query", "name": "desk", "required": True, "schema": {"type": "string"}}
    ),
    "query limit: maximum is 10, was 5000": lambda d: parameter(d, "/portfolios", "limit")["schema"].update(
        maximum=10
    ),
    "positions[].trader: new and required": lambda d: schema(d, "PositionIn")["required"].append("trader"),
    "positions[].quantity: string is no longer accepted": lambda d: schema(d, "PositionIn")[
        "properties"
    ].update(quantity={"type": "integer"}),
    "query cursor: only a, b accepted now, was any string": lambda d: parameter(d, "/portfolios", "cursor")[
        "schema"
    ].update(anyOf=[{"enum": ["a", "b"]}, {"type": "null"}]),
    "positions[].symbol: only IBM accepted now, was any string": lambda d: schema(d, "PositionIn")[
        "properties"
    ]["symbol"].update(const="IBM"),
    "query cursor: pattern is ^x, was free": lambda d: parameter(d, "/portfolios", "cursor")["schema"].update(
        anyOf=[{"type": "string", "maxLength": 512, "pattern": "^x"}, {"type": "null"}]
    ),
    "path limit_id: pattern is ^[a-z]$, was ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": lambda d: parameter(
        d, "/limits/{limit_id}", "limit_id"
    )["schema"].update(pattern="^[a-z]$"),
    "query limit: default is 50, was 500": lambda d: parameter(d, "/portfolios", "limit")["schema"].update(
        default=50
    ),
    "hysteresis: default is 0.5, was None": lambda d: schema(d, "LimitIn")["properties"]["hysteresis"].update(
        default=0.5
    ),
    "no longer answers 202": lambda d: operation(d, BOOK, "put")["responses"].pop("202"),
}

HARMLESS: dict[str, Callable[[Document], object]] = {
    "a new route": lambda d: d["paths"].update({"/v1/new": d["paths"]["/v1/portfolios"]}),
    "a new field of an answer": lambda d: schema(d, "Value")["properties"].update(new={"type": "string"}),
    "an amount that is always known": lambda d: schema(d, "Value")["properties"].update(
        nav={"$ref": "#/components/schemas/Money"}
    ),
    "a new optional parameter": lambda d: operation(d, VALUE)["parameters"].append(
        {"in": "query", "name": "desk", "schema": {"type": "string"}}
    ),
    "a new optional field of a body": lambda d: schema(d, "PositionIn")["properties"].update(
        note={"type": "string"}
    ),
    "larger pages": lambda d: parameter(d, "/portfolios", "limit")["schema"].update(maximum=9999),
    "another description": lambda d: schema(d, "Value").update(description="worth"),
    "a new problem": lambda d: operation(d, VALUE)["responses"].update({"429": {"description": "slower"}}),
}


def test_the_interface_breaks_no_client_of_the_release() -> None:
    message = "removed or narrowed since the release: keep it, or release a new major version under /v2"
    assert breaking(read(RELEASED), read(COMMITTED)) == [], message


@pytest.mark.parametrize("told", BREAKS)
def test_a_break_is_found_and_named(told: str) -> None:
    released = read(COMMITTED)
    new = copy.deepcopy(released)
    BREAKS[told](new)
    found = breaking(released, new)
    assert any(line.endswith(told) for line in found), found


@pytest.mark.parametrize("change", HARMLESS)
def test_what_harms_nobody_is_allowed(change: str) -> None:
    released = read(COMMITTED)
    new = copy.deepcopy(released)
    HARMLESS[change](new)
    assert breaking(released, new) == []
