"""Profit of the running day over REST, as live values tell it."""

from decimal import Decimal
from typing import Any, Protocol

import httpx
import pytest
from msgspec import Struct

from contracts import DailyPnl
from testkit.builders import make_portfolio, make_position_value, make_valuation
from testkit.waiting import eventually

pytestmark = pytest.mark.integration


class Gateway(Protocol):
    """What this test uses of the fixture."""

    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any: ...
    def publish(self, *messages: Struct) -> None: ...


def test_the_running_day_is_that_of_the_live_value(gateway: Gateway) -> None:
    day = DailyPnl(
        since="2013-10-04",
        opening_value=Decimal(1800),
        price=Decimal(20),
        fx=Decimal(0),
        trading=Decimal(3),
        income=Decimal(0),
        fees=Decimal(1),
        total=Decimal(22),
        realized=Decimal(-1),
    )
    line = make_position_value("IBM", "10", "182", daily_pnl=day)
    gateway.publish(make_portfolio("PNL"), make_valuation("PNL", "14:30", line, daily_pnl=day))
    path = "/v1/portfolios/PNL/pnl"
    eventually(lambda: gateway.client.get(path).json().get("live"), lambda live: live is True)
    found = gateway.get("/portfolios/PNL/pnl")
    assert found["date"] == "2013-10-07"
    assert found["parts"]["total"]["amount"] == "22"
    assert [one["symbol"] for one in found["lines"]] == ["IBM"]
    assert found["opening_value"]["amount"] == "1800"
