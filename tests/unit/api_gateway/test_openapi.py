"""The committed OpenAPI document is the one of the code, and complete."""

import json
import re
from pathlib import Path
from typing import Any

from api_gateway.app import build
from api_gateway.openapi import TAGS, document

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


def test_every_reference_leads_somewhere() -> None:
    found = document(build())
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)):
        assert name in found["components"]["schemas"], name


def test_only_health_and_readiness_are_open() -> None:
    paths = document(build())["paths"]
    unprotected = {path for path, item in paths.items() for one in item.values() if one.get("security") == []}
    assert unprotected == {"/healthz", "/readyz"}


def operations() -> list[dict[str, Any]]:
    return [operation for item in document(build())["paths"].values() for operation in item.values()]
