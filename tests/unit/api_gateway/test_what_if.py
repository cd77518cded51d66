"""The what-if route: what it asks of the risk service, and what it refuses."""

from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from msgspec import Struct

from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts.analysis.what_if import SupposedTrade, WhatIfRequest
from testkit.builders import make_instrument, make_portfolio

KEY = "unit-test-key-0123456789"
IBM = make_instrument("IBM", multiplier=Decimal(10))


class Desk:
    """Stands in for the risk service; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Struct]] = []

    async def ask(self, name: str, request: Struct) -> bytes:
        self.asked.append((name, request))
        return b'{"complete":true}'


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk, tmp_path: Path) -> httpx.AsyncClient:
    view = View()
    view.put_portfolio(make_portfolio("P"))
    view.put_instrument(IBM)
    parts: dict[str, Any] = dict.fromkeys(
        field.name for field in fields(Gateway) if field.default_factory is MISSING
    )
    parts |= {"view": view, "health": Health(), "clock": FixedClock(), "analyst": cast(Any, desk)}
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    transport = httpx.ASGITransport(app=protected(Gateway(**parts), Security(KeyFile(key_file)), 100_000))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


async def test_trades_go_to_the_desk_with_what_is_known_of_them(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    trades = [
        {"symbol": "IBM", "quantity": "5"},
        {"symbol": "IBM", "quantity": "-2.5", "price": "101", "fee": "1"},
        {"symbol": "NOPE", "quantity": "1"},
    ]
    answer = await client.post("/v1/what-if", json={"portfolio_id": "P", "trades": trades, "basis": "bar"})
    assert (answer.status_code, answer.json()) == (200, {"complete": True})
    wanted = (
        SupposedTrade(symbol="IBM", quantity=Decimal(5)),
        SupposedTrade(symbol="IBM", quantity=Decimal("-2.5"), price=Decimal(101), fee=Decimal(1)),
        SupposedTrade(symbol="NOPE", quantity=Decimal(1)),
    )
    request = WhatIfRequest(portfolio_id="P", trades=wanted, basis="bar", instruments=(IBM,))
    assert desk.asked == [("what_if", request)]


@pytest.mark.parametrize(
    ("trade", "pointer"),
    [
        ({"symbol": "IBM", "quantity": "0"}, "body.trades.0.quantity"),
        ({"symbol": "IBM", "quantity": "NaN"}, "body.trades.0.quantity"),
        ({"symbol": "IBM", "quantity": "1", "price": "0"}, "body.trades.0.price"),
        ({"symbol": "IBM", "quantity": "1", "fee": "-1"}, "body.trades.0.fee"),
        ({"symbol": "IBM", "quantity": "1", "colour": "red"}, "body.trades.0.colour"),
    ],
)
async def test_a_wrong_field_is_named(
    client: httpx.AsyncClient, desk: Desk, trade: dict[str, str], pointer: str
) -> None:
    answer = await client.post("/v1/what-if", json={"portfolio_id": "P", "trades": [trade]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert desk.asked == []


async def test_an_unknown_portfolio_and_no_trades(client: httpx.AsyncClient) -> None:
    trade = {"symbol": "IBM", "quantity": "1"}
    unknown = await client.post("/v1/what-if", json={"portfolio_id": "NOPE", "trades": [trade]})
    assert unknown.status_code == 404
    assert (await client.post("/v1/what-if", json={"portfolio_id": "P", "trades": []})).status_code == 422
