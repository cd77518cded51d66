"""The stress and backtest routes: what they ask of the risk service."""

from dataclasses import MISSING, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from msgspec import Struct

from api_gateway.app import protected
from api_gateway.core.past import Moment
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import Valuation
from contracts.analysis.backtest import ActualDay, BacktestRequest
from contracts.analysis.explain import ExplainRequest
from contracts.analysis.stress import ShockIn, StressRequest
from testkit.builders import make_portfolio, make_valuation

KEY = "unit-test-key-0123456789"
DAY = ActualDay(date=date(2013, 10, 4), pnl=-1.0, var=2.0)


class Desk:
    """Stands in for the risk service and for the database; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Struct]] = []

    async def ask(self, name: str, request: Struct) -> bytes:
        self.asked.append((name, request))
        return b"{}"

    @property
    def past(self) -> "Desk":
        return self

    async def valuation(self, portfolio_id: str, moment: Moment) -> Valuation | None:
        assert moment.as_of is not None
        return make_valuation(portfolio_id, "14:00", basis="bar") if moment.as_of.year > 2000 else None

    async def measure(
        self, portfolio_id: str, as_of: datetime, measure: str, confidence_bp: int
    ) -> tuple[float | None, int | None]:
        return 12.5, 1

    async def actual_days(self, portfolio_id: str, confidence_bp: int, days: int) -> tuple[ActualDay, ...]:
        return (DAY,)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk, tmp_path: Path) -> httpx.AsyncClient:
    view, nothing, fake = View(), cast(Any, None), cast(Any, desk)
    view.put_portfolio(make_portfolio("P"))
    parts = dict.fromkeys(
        (field.name for field in fields(Gateway) if field.default_factory is MISSING), nothing
    )
    given = {"view": view, "health": Health(), "clock": FixedClock(), "repository": fake, "analyst": fake}
    gateway = Gateway(**{**parts, **given})
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(key_file)), 100_000))
    return httpx.AsyncClient(
        transport=transport, base_url="http://gateway/v1/portfolios", headers={"X-API-Key": KEY}
    )


async def test_get_asks_for_the_named_periods(client: httpx.AsyncClient, desk: Desk) -> None:
    assert (await client.get("/P/stress", params={"loss": 1000})).status_code == 200
    assert desk.asked == [("stress", StressRequest(portfolio_id="P", loss=1000.0))]


async def test_post_hands_shocks_on(client: httpx.AsyncClient, desk: Desk) -> None:
    body = {"shocks": [{"selector": "sector", "value": "Banks", "size": -0.2}]}
    assert (await client.post("/P/stress", json=body)).status_code == 200
    shock = ShockIn(selector="sector", value="Banks", size=-0.2)
    assert desk.asked == [("stress", StressRequest(portfolio_id="P", shocks=(shock,)))]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"shocks": []}, "body.shocks"),
        ({"shocks": [{"size": "NaN"}]}, "body.shocks.0.size"),
        ({"shocks": [{"size": 0.1, "selector": "colour"}]}, "body.shocks.0.selector"),
        ({"shocks": [{"size": 0.1}], "loss": 0}, "body.loss"),
    ],
)
async def test_wrong_fields_are_named(client: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    answer = await client.post("/P/stress", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_backtest_takes_stored_days_along(client: httpx.AsyncClient, desk: Desk) -> None:
    assert (await client.get("/P/backtest", params={"confidence": "0.975", "days": 100})).status_code == 200
    assert desk.asked == [
        ("backtest", BacktestRequest(portfolio_id="P", confidence_bp=9750, days=100, actual=(DAY,)))
    ]


async def test_unknown_portfolio(client: httpx.AsyncClient) -> None:
    for path in ("/NOPE/stress", "/NOPE/backtest"):
        assert (await client.get(path)).status_code == 404


async def test_explain_takes_the_earlier_value_and_its_var_along(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    answer = await client.get("/P/var/explain", params={"from": "2013-10-07T14:00:00Z", "confidence": "0.95"})
    assert answer.status_code == 200
    ((name, request),) = desk.asked
    assert isinstance(request, ExplainRequest)
    assert (name, request.confidence_bp, request.reported, request.reported_definition) == (
        "explain",
        9500,
        12.5,
        1,
    )
    assert request.before.portfolio_id == "P"


async def test_explain_without_an_earlier_value(client: httpx.AsyncClient) -> None:
    assert (await client.get("/P/var/explain", params={"from": "1999-01-01T00:00:00Z"})).status_code == 404
    assert (await client.get("/P/var/explain")).status_code == 422
