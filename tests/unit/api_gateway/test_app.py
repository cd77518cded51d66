"""The application in process: kept answers, readiness, and that live answers need no database."""

from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api_gateway.app import protected
from api_gateway.core.reach import EVERYTHING
from api_gateway.core.view import View
from api_gateway.hot_answers import KEPT, HotAnswers
from api_gateway.security.caller import introduce
from api_gateway.security.door import Security
from api_gateway.security.file_key import PLATFORM, KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from testkit.builders import (
    make_portfolio,
    make_position_value,
    make_risk_report,
    make_valuation,
    make_var,
)

KEY = "unit-test-key-0123456789"
VALUE = "/v1/portfolios/P/value"


@pytest.fixture
def gateway() -> Gateway:
    """A gateway with one valued portfolio and nothing to store or send to."""
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_valuation(make_valuation("P", "14:00", make_position_value("IBM", "1", "10")))
    return Gateway(view, Health(), FixedClock(), nothing, nothing, nothing, nothing, nothing)


@pytest.fixture
def client(gateway: Gateway, tmp_path: Path) -> httpx.AsyncClient:
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    app = protected(gateway, Security(KeyFile(key_file)), 1000)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


async def test_a_kept_answer_is_the_same_and_still_needs_the_key(client: httpx.AsyncClient) -> None:
    first, second = await client.get(VALUE), await client.get(VALUE)
    assert first.content == second.content
    assert {**first.headers, "x-trace-id": ""} == {**second.headers, "x-trace-id": ""}
    assert (await client.get(VALUE, headers={"X-API-Key": "wrong"})).status_code == 401


async def test_a_newer_message_ends_a_kept_answer(gateway: Gateway, client: httpx.AsyncClient) -> None:
    await client.get(VALUE)
    gateway.view.put_valuation(make_valuation("P", "14:01", make_position_value("IBM", "1", "11")))
    assert (await client.get(VALUE)).json()["market_value"]["amount"] == "11"


async def test_a_live_report_ends_a_kept_official_answer(gateway: Gateway, client: httpx.AsyncClient) -> None:
    path = "/v1/portfolios/P/var"
    gateway.view.put_risk(make_risk_report("P", "14:00", make_var(9500, 1.0), basis="bar"))
    assert [(await client.get(path)).json()["basis"] for _ in range(2)] == ["bar", "bar"]
    gateway.view.put_risk(make_risk_report("P", "13:00", make_var(9500, 2.0)))
    assert (await client.get(path)).json()["basis"] == "last"


async def test_queries_are_kept_apart_and_refusals_are_not_kept(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get(VALUE, params={"currency": "JPY"})).status_code == 409
        assert (await client.get(VALUE, params={"basis": "bar"})).json()["as_of"] is None
        assert (await client.get(VALUE)).status_code == 200


def test_kept_answers_are_bounded() -> None:
    def asked(number: int) -> dict[str, Any]:
        scope: dict[str, Any] = {"path": f"/{number}", "query_string": b""}
        introduce(scope, PLATFORM, EVERYTHING)
        return scope

    hot, message = HotAnswers(), object()
    for number in range(KEPT + 5):
        hot.keep(asked(number), b"{}", "tag", message, lambda: message)
    assert hot.find(asked(0)) is None
    assert hot.find(asked(KEPT + 4)) is not None


async def test_live_answers_need_no_database(gateway: Gateway, client: httpx.AsyncClient) -> None:
    gateway.health.not_ready("postgres", "down")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get(VALUE)).status_code == 200


async def test_before_the_topics_are_read_everything_is_unavailable(
    gateway: Gateway, client: httpx.AsyncClient
) -> None:
    gateway.health.not_ready("live", "reading")
    answer = await client.get(VALUE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "live (reading)" in answer.json()["detail"]


def test_a_key_too_short_to_be_one_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(ValueError, match="at least 16"):
        KeyFile(tmp_path / "key")


async def test_exposures_by_one_grouping_and_the_tree(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/portfolios/P/exposures", params={"by": "issuer"})).json()
    assert (found["by_issuer"][0]["name"], found["by_asset"]) == ("Unclassified", None)
    wrong = await client.get("/v1/portfolios/P/exposures", params={"by": "colour"})
    assert wrong.status_code == 422
    assert (await client.get("/v1/portfolios/P")).json()["members"] == []
    assert (await client.get("/v1/portfolios/NOPE")).status_code == 404


async def test_the_realised_amounts_are_shown_in_the_currency_asked_for(
    gateway: Gateway, client: httpx.AsyncClient
) -> None:
    line = make_position_value("IBM", "1", "10", realized_pnl_base=Decimal("2"))
    rates = {"USD": Decimal(1), "EUR": Decimal("1.25")}
    value = make_valuation("P", "14:02", line, realized_pnl=Decimal("3"), fx_rates=rates)
    gateway.view.put_valuation(value)
    euro = {"currency": "EUR"}
    assert (await client.get(VALUE)).json()["realized_pnl"] == {"amount": "3", "currency": "USD"}
    assert Decimal((await client.get(VALUE, params=euro)).json()["realized_pnl"]["amount"]) == Decimal("2.4")
    (shown,) = (await client.get("/v1/portfolios/P/positions", params=euro)).json()["data"]
    assert Decimal(shown["realized_pnl_base"]["amount"]) == Decimal("1.6")
