"""The committed OpenAPI document is the one of the code, and complete."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from api_gateway.app import build
from api_gateway.openapi import SHAPES, TAGS, document
from api_gateway.schemas.books import BookIn
from api_gateway.schemas.limits import LimitActionIn, LimitIn
from api_gateway.schemas.stress import StressBody
from api_gateway.schemas.trades import TradeIn
from api_gateway.schemas.what_if import WhatIfIn

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"


def test_committed_document_is_up_to_date() -> None:
    message = "run `python -m api_gateway.openapi docs/reference/openapi.json` and read the difference"
    assert json.loads(COMMITTED.read_text()) == json.loads(json.dumps(document(build()))), message


def test_every_operation_is_named_tagged_described_and_answers_problems() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(names) == len(set(names))
    known = {tag["name"] for tag in TAGS}
    for operation in operations():
        assert set(operation["tags"]) <= known
        assert operation["description"]
        if operation["tags"] != ["operations"]:
            assert {"401", "422", "503"} <= set(operation["responses"])


def test_what_the_layers_may_answer_is_documented() -> None:
    for item in document(build())["paths"].values():
        for method, operation in item.items():
            answers = operation["responses"]
            assert ({"408", "413"} <= set(answers)) == ("requestBody" in operation), operation["operationId"]
            reads_json = method == "get" and "application/json" in answers.get("200", {}).get("content", {})
            assert ("304" in answers) == reads_json, operation["operationId"]


def test_every_reference_leads_somewhere() -> None:
    found = document(build())
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)):
        assert name in found["components"]["schemas"], name


def test_only_health_readiness_and_signing_in_are_open() -> None:
    paths = document(build())["paths"]
    unprotected = {path for path, item in paths.items() for one in item.values() if one.get("security") == []}
    assert unprotected == {"/healthz", "/readyz", "/signin"}


def test_every_schema_has_an_example_that_fits_it() -> None:
    schemas = document(build())["components"]["schemas"]
    shapes = {shape.__name__: shape for shape in SHAPES}
    bodies = {body.__name__: body for body in (BookIn, LimitActionIn, LimitIn, StressBody, TradeIn, WhatIfIn)}
    for name, schema in schemas.items():
        (example,) = schema["examples"]
        if name in shapes:
            msgspec.convert(example, shapes[name])
        elif name in bodies:
            bodies[name].model_validate(example)
    assert shapes.keys() | bodies.keys() <= schemas.keys()


def operations() -> list[dict[str, Any]]:
    return [operation for item in document(build())["paths"].values() for operation in item.values()]
