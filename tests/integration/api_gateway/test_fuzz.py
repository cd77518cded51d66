"""Every operation under generated requests: documented answers only, whatever is sent.

The requests are the same in every run. Whether a well-formed request makes sense, such as a weekend as
business date, a schema cannot say: 422 is right for some, so that valid data is accepted is not checked.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from msgspec import Struct
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api_gateway.adapters.audit_log import AuditLog
from api_gateway.adapters.key_store import KeyStore
from api_gateway.adapters.repository import Repository
from api_gateway.adapters.row_security import ROLE, see, set_reach
from api_gateway.app import protected
from api_gateway.core.book import BookChange
from api_gateway.core.limits import definition_row
from api_gateway.core.pipeline import Offsets
from api_gateway.core.reach import EVERYTHING, NOTHING
from api_gateway.core.view import View
from api_gateway.openapi_examples import add_examples
from api_gateway.schemas.limits import LimitIn
from api_gateway.security.access import is_administrative
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.audit import Audit
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.security.keys import Keys
from api_gateway.serving import web_server
from api_gateway.state import Gateway
from chassis.clock import FixedClock, SystemClock
from chassis.health import Health
from contracts import Trade
from contracts.analysis.backtest import BacktestAnswer
from contracts.analysis.explain import ExplainAnswer
from contracts.analysis.limits import CureAnswer, LimitsAnswer
from contracts.analysis.scenarios import ScenariosAnswer
from contracts.analysis.stress import StressAnswer
from contracts.analysis.var import ComponentsAnswer, VarAnswer
from contracts.analysis.what_if import WhatIfAnswer
from local_stack.ports import LOOPBACK, free_port
from store.database import connect_pool
from testkit.builders import (
    make_bar,
    make_instrument,
    make_portfolio,
    make_position_value,
    make_risk_report,
    make_valuation,
    make_var,
)

pytestmark = pytest.mark.integration

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"
KEY = "integration-test-key-0123456789"
ENDLESS = {"stream"}
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]

load_all_checks()
# 413 is a refusal like any other: a list above its limit may be a body above its limit.
REFUSED = [400, 401, 403, 404, 405, 409, 413, 422, 429, 503]
settings_of_checks = {"negative_data_rejection": {"expected-statuses": REFUSED}}
api = schemathesis.openapi.from_dict(
    json.loads(DOCUMENT.read_text(encoding="utf-8")),
    config=schemathesis.Config.from_dict({"checks": settings_of_checks}),
)


ANSWERS: dict[str, type[Struct]] = {
    "backtest": BacktestAnswer,
    "components": ComponentsAnswer,
    "cure": CureAnswer,
    "explain": ExplainAnswer,
    "limits": LimitsAnswer,
    "scenarios": ScenariosAnswer,
    "stress": StressAnswer,
    "var": VarAnswer,
    "what_if": WhatIfAnswer,
}
"""What the risk service answers, by the name of the analysis."""


def examples_of(shapes: Mapping[str, type[Struct]]) -> dict[str, bytes]:
    """An encoded example of each shape, as the document shows it."""
    _, schemas = msgspec.json.schema_components(
        list(shapes.values()), ref_template="#/components/schemas/{name}"
    )
    add_examples(schemas)
    return {
        name: msgspec.json.encode(schemas[shape.__name__]["examples"][0]) for name, shape in shapes.items()
    }


CANNED = examples_of(ANSWERS)


class Elsewhere:
    """Stands in for the broker and the risk service: takes what is published, answers with examples."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()

    async def offsets(self) -> Offsets:
        return Offsets({("marketdata.ticks.v1", 0): (0, 17)}, {"valuation": {}})

    async def settle(self) -> None:
        pass

    async def publish(self, change: BookChange) -> None:
        pass

    async def book(self, portfolio_id: str, key: str, wanted: Sequence[Trade]) -> tuple[Trade, ...]:
        return ()

    async def ask(self, name: str, request: Struct) -> bytes:
        return CANNED[name]


def known() -> View:
    """The portfolio and the instrument of the examples."""
    view = View()
    view.put_instrument(make_instrument("IBM"))
    view.put_portfolio(make_portfolio("US-CORE"))
    view.put_valuation(make_valuation("US-CORE", "14:00", make_position_value("IBM", "100", "182.31")))
    view.put_risk(make_risk_report("US-CORE", "14:00", make_var(9500, 312.45)))
    view.put_bar(make_bar("IBM", "14:00", "182.31", status="provisional", revision=0))
    return view


async def serve(
    dsn: str, key_file: Path, ports: tuple[int, int], ready: threading.Event, stop: threading.Event
) -> None:
    """The application over a real database behind the real web server, at both ports, until asked to stop."""
    pool = await connect_pool(dsn, role=ROLE, on_lend=set_reach)
    elsewhere = cast(Any, Elsewhere())
    health = Health(max_silence_s=inf)  # no loop turns here, however long the tests take
    gateway = Gateway(
        known(), health, FixedClock(), Repository(pool), elsewhere, elsewhere, elsewhere, elsewhere
    )
    keys, log = Keys(KeyStore(pool), b"a pepper of the tests", SystemClock()), AuditLog(pool)
    audit = Audit(log, SystemClock(), reads=True)
    app = protected(gateway, Security(KeyFile(key_file), keys, audit=audit), 1 << 20)
    await define_limit(gateway)
    writing = asyncio.create_task(log.run())
    servers = [
        web_server(one, LOOPBACK, port) for one, port in zip((app, AdminPort(app)), ports, strict=True)
    ]
    serving = [asyncio.create_task(server.serve()) for server in servers]
    ready.set()
    await asyncio.to_thread(stop.wait)
    for server in servers:
        server.stop()
    await asyncio.gather(*serving)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await pool.close()


async def define_limit(gateway: Gateway) -> None:
    """The limit of the examples."""
    see(EVERYTHING)
    limit = LimitIn.model_validate({"portfolio_id": "US-CORE", "measure": "gross", "hard_level": 1e6})
    await gateway.repository.limits.define(definition_row("us-var", limit, SystemClock().now()))
    see(NOTHING)


@pytest.fixture(scope="module")
def ports(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    key_file = tmp_path_factory.mktemp("fuzz") / "key"
    key_file.write_text(KEY)
    main, ready, stop = free_port(), threading.Event(), threading.Event()
    ports = main, free_port([main])
    thread = threading.Thread(target=lambda: asyncio.run(serve(postgres, key_file, ports, ready, stop)))
    thread.start()
    assert ready.wait(30)
    yield ports
    stop.set()
    thread.join()


def fuzzing(name: str) -> Callable[..., None]:
    """The test of one operation under generated requests."""

    @api.include(operation_id=name).parametrize()
    @settings(
        max_examples=30,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def only_documented_answers(case, ports: tuple[int, int]) -> None:
        port = ports[is_administrative(name)]
        answer = case.call(base_url=f"http://{LOOPBACK}:{port}", headers={"X-API-Key": KEY})
        assert answer.status_code != 500, answer.text
        case.validate_response(answer, checks=CHECKS)

    return only_documented_answers


OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
}
# A test each: what schemathesis makes of one function shares an id, and pytest-xdist runs an id once.
globals().update(
    {f"test_only_documented_answers_of_{name}": fuzzing(name) for name in sorted(OPERATIONS.keys() - ENDLESS)}
)
GIVEN = {
    "portfolio_id": "US-CORE",
    "limit_id": "us-var",
    "symbol": "IBM",
    "Idempotency-Key": "k1",
    "metric": "market_value",
    "as_of": "2013-10-07T14:30:00Z",
    "from": "2013-10-07T13:30:00Z",
    "to": "2013-10-07T14:30:00Z",
}
NOTHING_TO_SHOW = {
    "actOnLimit": "the limit has no breach",
    "explainVar": "nothing official is stored",
    "getReport": "there is no warehouse",
    "getValueEvidence": "a value in memory only has no stored prices",
    "revokeKey": "there is no such key",
    "signIn": "there is no such link",
    "signOut": "a key is no session",
}


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - ENDLESS - NOTHING_TO_SHOW.keys()))
def test_an_ordinary_request_succeeds_as_documented(name: str, ports: tuple[int, int]) -> None:
    """Generated requests are mostly refused: without this nobody would look at the answers of some."""
    path, method, operation = OPERATIONS[name]
    given: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for one in operation.get("parameters", ()):
        if one.get("required"):
            given[one["in"]][one["name"]] = GIVEN[one["name"]]
    body = example_body(operation)
    case = api[path][method.upper()].Case(
        path_parameters=given["path"],
        query=given["query"],
        headers=given["header"],
        **({} if body is None else {"body": body, "media_type": "application/json"}),
    )
    base_url = f"http://{LOOPBACK}:{ports[is_administrative(name)]}"
    answer = case.call(base_url=base_url, headers={"X-API-Key": KEY})
    assert 200 <= answer.status_code < 300, answer.text
    case.validate_response(answer, checks=CHECKS)


def example_body(operation: dict[str, Any]) -> Any:
    """What the document gives as an example of a body."""
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = schema.get("oneOf", schema.get("anyOf", [schema]))[0]
    schemas = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    return schemas[schema["$ref"].rpartition("/")[2]]["examples"][0]
