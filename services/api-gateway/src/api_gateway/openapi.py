"""The OpenAPI document: routes and our own shapes. `python -m api_gateway.openapi FILE` writes it."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from api_gateway.endpoints import reports
from api_gateway.endpoints.documentation import REFERENCE, refusals
from api_gateway.openapi_examples import add_examples
from api_gateway.schemas.books import BookAccepted
from api_gateway.schemas.common import Problem
from api_gateway.schemas.evidence import ValueEvidence
from api_gateway.schemas.exposures import Exposures
from api_gateway.schemas.history import History
from api_gateway.schemas.keys import ApiKeyInfo, ApiKeyList, NewApiKey, Session, SigninLink
from api_gateway.schemas.limits import (
    LimitAction,
    LimitAudit,
    LimitBacktestAnswer,
    LimitDefinition,
    LimitEvents,
    LimitStates,
)
from api_gateway.schemas.market import BarList, InstrumentList
from api_gateway.schemas.pipeline import Pipeline
from api_gateway.schemas.pnl import Pnl
from api_gateway.schemas.portfolios import PortfolioList, PortfolioTree
from api_gateway.schemas.risk import Risk, Var
from api_gateway.schemas.stream import DroppedEvent, RemovedEvent, ResumedEvent, SnapshotEvent
from api_gateway.schemas.trades import TradeList, TradesBooked
from api_gateway.schemas.values import PositionList, Value
from api_gateway.security.door import is_open
from contracts.analysis.backtest import BacktestAnswer
from contracts.analysis.explain import ExplainAnswer
from contracts.analysis.limits import CureAnswer, LimitsAnswer
from contracts.analysis.scenarios import ScenariosAnswer
from contracts.analysis.stress import StressAnswer
from contracts.analysis.var import ComponentsAnswer
from contracts.analysis.what_if import WhatIfAnswer

TITLE = "Tapeline"
VERSION = "0.1.0"
DESCRIPTION = (
    "Portfolio value and risk, live. Money is a decimal string with a currency, times are RFC 3339 UTC, "
    "errors are RFC 9457 problems. A number that is not known is null, never zero, and coverage says why."
)
TAGS = [
    {"name": "portfolios", "description": "books, their value, positions and exposure"},
    {"name": "risk", "description": "risk measures and the history of every number"},
    {"name": "limits", "description": "limits, their states and events, and what people do about them"},
    {"name": "instruments", "description": "instruments and their bars"},
    {"name": "reports", "description": "the two finance reports of a business date"},
    {"name": "stream", "description": "changes as they happen, as Server-Sent Events"},
    {"name": "pipeline", "description": "how far every stage is and what became of every raw event"},
    {"name": "security", "description": "keys, signing a browser in, who the caller is"},
    {"name": "operations", "description": "health, readiness, metrics"},
]
SHAPES: tuple[type[Struct], ...] = (
    *reports.SHAPES,
    ApiKeyInfo,
    ApiKeyList,
    BacktestAnswer,
    BarList,
    BookAccepted,
    ComponentsAnswer,
    ExplainAnswer,
    Exposures,
    CureAnswer,
    DroppedEvent,
    History,
    InstrumentList,
    LimitAction,
    LimitAudit,
    LimitBacktestAnswer,
    LimitDefinition,
    LimitEvents,
    LimitStates,
    LimitsAnswer,
    NewApiKey,
    Pipeline,
    Pnl,
    PortfolioList,
    PortfolioTree,
    PositionList,
    Problem,
    RemovedEvent,
    ResumedEvent,
    Risk,
    ScenariosAnswer,
    Session,
    SigninLink,
    SnapshotEvent,
    StressAnswer,
    TradeList,
    TradesBooked,
    Value,
    ValueEvidence,
    Var,
    WhatIfAnswer,
)
FOREIGN = ("HTTPValidationError", "ValidationError")


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application, the same on every machine."""
    found = get_openapi(title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes, tags=TAGS)
    _, shapes = msgspec.json.schema_components(SHAPES, ref_template=REFERENCE)
    components = found.setdefault("components", {})
    schemas = {**components.get("schemas", {}), **shapes}
    # FastAPI describes its own error body, which this API never sends: errors are problems.
    components["schemas"] = {
        name: schemas[name]
        for name in sorted(schemas)
        if name not in ("HTTPValidationError", "ValidationError")
    }
    add_examples(components["schemas"])
    components["securitySchemes"] = {
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "a key or an access token (RFC 9068)"},
        "session": {"type": "apiKey", "in": "cookie", "name": "tapeline_session_<port>"},
    }
    _document_statuses(found)
    found["security"] = [{"apiKey": []}, {"bearer": []}, {"session": []}]
    for path in filter(is_open, found["paths"]):
        for operation in found["paths"][path].values():
            operation["security"] = []
    return found


def _document_statuses(document: dict[str, Any]) -> None:
    """What the layers around all routes may answer: to a body 408 and 413, to a JSON read 304."""
    for item in document["paths"].values():
        for method, operation in item.items():
            answers = operation["responses"]
            if "requestBody" in operation:
                answers |= {
                    str(status): one for status, one in refusals(408, 413).items() if status in (408, 413)
                }
            elif method == "get" and "application/json" in answers.get("200", {}).get("content", {}):
                answers["304"] = {"description": "the client has it already, as If-None-Match says"}
            operation["responses"] = {status: answers[status] for status in sorted(answers)}


def main() -> None:
    """Write the document to the file named on the command line."""
    from api_gateway.app import build

    target = Path(sys.argv[1])
    target.write_text(json.dumps(document(build()), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
