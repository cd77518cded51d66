"""Every operation under generated requests: documented answers only, whatever is sent.

The requests are the same in every run. Whether a well-formed request makes sense, such as a weekend as
business date, a schema cannot say: 422 is right for some, so that valid data is accepted is not checked.
"""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

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

from api_gateway.adapters.analyst import AnalysisRefused
from api_gateway.adapters.repository import Repository
from api_gateway.adapters.row_security import ROLE, set_reach
from api_gateway.app import protected
from api_gateway.core.book import BookChange
from api_gateway.core.pipeline import Offsets
from api_gateway.core.view import View
from api_gateway.security.access import is_administrative
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.serving import web_server
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import Trade
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
ENDLESS = ["stream"]
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


class Elsewhere:
    """Stands in for the broker and the risk service: takes what is published, computes nothing."""

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
        raise AnalysisRefused(503, "the risk service does not answer")


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
    gateway = Gateway(
        known(), Health(), FixedClock(), Repository(pool), elsewhere, elsewhere, elsewhere, elsewhere
    )
    app = protected(gateway, Security(KeyFile(key_file)), 1 << 20)
    servers = [
        web_server(one, LOOPBACK, port) for one, port in zip((app, AdminPort(app)), ports, strict=True)
    ]
    serving = [asyncio.create_task(server.serve()) for server in servers]
    ready.set()
    await asyncio.to_thread(stop.wait)
    for server in servers:
        server.stop()
    await asyncio.gather(*serving)
    await pool.close()


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


@api.exclude(operation_id=ENDLESS).parametrize()
@settings(
    max_examples=5, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_only_documented_answers(case, ports: tuple[int, int]) -> None:
    port = ports[is_administrative(case.operation.definition.raw["operationId"])]
    answer = case.call(base_url=f"http://{LOOPBACK}:{port}", headers={"X-API-Key": KEY})
    assert answer.status_code != 500, answer.text
    case.validate_response(answer, checks=CHECKS)
