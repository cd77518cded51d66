"""VaR over HTTP: the standing one from the report, every other one asked of risk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from api_gateway.adapters.analyst import AnalysisRefused
from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts.analysis.common import Unavailable
from contracts.analysis.var import ComponentsRequest, VarAnswer, VarRange, VarRequest
from contracts.codec import encode
from testkit.builders import make_portfolio, make_position_value, make_risk_report, make_valuation, make_var

KEY = "unit-test-key-0123456789"
VAR = "/v1/portfolios/P/var"


class FakeAnalyst:
    """Keeps what it was asked and answers with what it was given."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, msgspec.Struct]] = []
        self.answer: Callable[[], bytes] = lambda: b"{}"

    async def ask(self, name: str, request: msgspec.Struct) -> bytes:
        self.asked.append((name, request))
        return self.answer()


@pytest.fixture
def analyst() -> FakeAnalyst:
    return FakeAnalyst()


@pytest.fixture
def client(analyst: FakeAnalyst, tmp_path: Path) -> httpx.AsyncClient:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    view.put_portfolio(make_portfolio("IDLE"))
    view.put_valuation(make_valuation("P", "14:00", make_position_value("IBM", "1", "10")))
    details = {"k": "25", "expected_shortfall": "2.5", "interval_lower": "0.5", "interval_coverage": "0.96"}
    view.put_risk(make_risk_report("P", "14:00", make_var(9500, 1.5, details=details)))
    fields = {name: nothing for name in Gateway.__dataclass_fields__ if name != "hot"}
    fields |= {"view": view, "health": Health(), "clock": FixedClock(), "analyst": analyst}
    gateway = Gateway(**fields)
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(key_file)), 1000))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


def computed(**fields: Any) -> bytes:
    valuation = make_valuation("P", "14:00", make_position_value("IBM", "1", "10"))
    head: dict[str, Any] = {
        "portfolio_id": "P",
        "valuation_id": valuation.valuation_id,
        "basis": "last",
        "as_of": valuation.as_of,
        "currency": "USD",
        "history_version": "v1",
        "coverage": valuation.coverage,
        "method": "overlapping",
        "confidence_bp": 9730,
        "horizon_days": 10,
    }
    return encode(VarAnswer(**head | fields))


@pytest.mark.parametrize(
    "query", [{}, {"estimator": "kth_worst", "shortfall_rule": "acerbi_tasche", "lookback": "500"}]
)
async def test_standing_var_comes_from_the_report(
    client: httpx.AsyncClient, analyst: FakeAnalyst, query: dict[str, str]
) -> None:
    found = (await client.get(VAR, params=query)).json()
    assert (found["var"]["amount"], found["es"]["amount"]) == ("1.5", "2.5")
    assert found["interval"] == {
        "lower": {"amount": "0.5", "currency": "USD"},
        "upper": None,
        "coverage": 0.96,
    }
    assert analyst.asked == []


async def test_other_questions_go_to_risk(client: httpx.AsyncClient, analyst: FakeAnalyst) -> None:
    interval = VarRange(lower=1.0, upper=None, coverage=0.97)
    analyst.answer = lambda: computed(var=7.25, es=9.0, interval=interval, estimator="harrell_davis")
    query = {
        "confidence": "0.973",
        "horizon_days": "10",
        "method": "overlapping",
        "estimator": "harrell_davis",
    }
    found = (await client.get(VAR, params=query)).json()
    assert analyst.asked == [
        (
            "var",
            VarRequest(
                portfolio_id="P",
                confidence_bp=9730,
                horizon_days=10,
                method="overlapping",
                estimator="harrell_davis",
            ),
        )
    ]
    assert (found["var"], found["confidence"]) == ({"amount": "7.25", "currency": "USD"}, 0.973)
    assert (found["es"]["amount"], found["estimator"], found["interval"]["upper"]) == (
        "9",
        "harrell_davis",
        None,
    )


async def test_confidence_the_report_lacks_is_computed(
    client: httpx.AsyncClient, analyst: FakeAnalyst
) -> None:
    analyst.answer = lambda: computed(var=3.0)
    assert (await client.get(VAR, params={"confidence": "0.99"})).json()["var"]["amount"] == "3"
    assert len(analyst.asked) == 1


async def test_no_value_has_its_reason(client: httpx.AsyncClient, analyst: FakeAnalyst) -> None:
    analyst.answer = lambda: computed(unavailable=Unavailable("outside_domain", "options do not scale"))
    found = (await client.get(VAR, params={"horizon_days": "10"})).json()
    assert (found["var"], found["reason"]) == (None, "outside_domain")
    assert found["details"]["message"] == "options do not scale"


async def test_stressed_window_is_a_year_unless_asked(
    client: httpx.AsyncClient, analyst: FakeAnalyst
) -> None:
    analyst.answer = lambda: computed(var=3.0)
    for query, lookback in (({}, 252), ({"lookback": "300"}, 300)):
        await client.get(VAR, params={"method": "stressed", **query})
        assert cast(VarRequest, analyst.asked[-1][1]).lookback == lookback


async def test_components_are_handed_through(client: httpx.AsyncClient, analyst: FakeAnalyst) -> None:
    analyst.answer = lambda: b'{"total":"1"}'
    path = "/v1/portfolios/P/components"
    answer = await client.get(path, params={"measure": "var", "by": "sector", "confidence": "0.99"})
    assert answer.content == b'{"total":"1"}'
    asked = ComponentsRequest(portfolio_id="P", confidence_bp=9900, measure="var", by="sector")
    assert analyst.asked == [("components", asked)]


@pytest.mark.parametrize(
    ("query", "pointer", "offered"),
    [
        ({"method": "monte_carlo"}, "query.method", "age_weighted"),
        ({"estimator": "median"}, "query.estimator", "harrell_davis"),
        ({"shortfall_rule": "mean"}, "query.shortfall_rule", "acerbi_tasche"),
        ({"method": "parametric", "estimator": "ore"}, "query.method", "historical"),
    ],
)
async def test_what_is_not_offered_says_what_is(
    client: httpx.AsyncClient, analyst: FakeAnalyst, query: dict[str, str], pointer: str, offered: str
) -> None:
    for path in (VAR, "/v1/portfolios/P/components"):
        answer = await client.get(path, params=query)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert offered in answer.json()["available"]
    assert analyst.asked == []


async def test_confidence_below_one_half_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get(VAR, params={"confidence": "0.05"})).status_code == 422


async def test_unknown_and_unmeasured_portfolios(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/portfolios/NOPE/var")).status_code == 404
    assert (await client.get("/v1/portfolios/NOPE/components")).status_code == 404
    assert (await client.get("/v1/portfolios/IDLE/var", params={"method": "stressed"})).json()["var"] is None


async def test_refusal_of_risk_is_a_problem(client: httpx.AsyncClient, analyst: FakeAnalyst) -> None:
    def refuse() -> bytes:
        raise AnalysisRefused(503, "the risk service does not answer")

    analyst.answer = refuse
    assert (await client.get(VAR, params={"method": "filtered"})).status_code == 503
