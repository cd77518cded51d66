"""`tapeline limits` speaks to the interface and shows what it says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tapeline_cli import limits
from tapeline_cli.app import app
from tapeline_cli.output import console
from tapeline_client import Client

AT = "2013-10-07T14:00:00Z"
BREACH = {
    "breach_id": "us-var:1",
    "phase": "opened",
    "severity": 2,
    "opened_at": AT,
    "age_seconds": 61.0,
    "recorded_age_seconds": 61.0,
}
LIMIT = {
    "limit_id": "us-var",
    "scope": "portfolio",
    "scope_value": None,
    "measure": "historical_var",
    "parameters": {},
    "unit": "USD",
    "state": "BREACH",
    "since": AT,
    "value": 1250.0,
    "utilisation_percent": 125.0,
    "warning_level": None,
    "hard_level": 1000.0,
    "own_hard_level": 1000.0,
    "hysteresis": 0.02,
    "minimum_coverage": 1.0,
    "max_age_s": 60.0,
    "escalate_after_s": None,
    "as_of": AT,
    "breach": BREACH,
}
LIMITS = {"portfolio_id": "US-CORE", "market_time": AT, "limits": [LIMIT]}
ACTION = {
    "action_id": "a",
    "limit_id": "us-var",
    "action": "x",
    "actor": "ann",
    "note": "why",
    "recorded_at": AT,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """The requests made; the portfolio has one limit."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.method == "POST":
            return httpx.Response(201, json=ACTION)
        return httpx.Response(200, json={"data": []} if "events" in request.url.path else LIMITS)

    @contextmanager
    def opened() -> Iterator[Client]:
        yield Client("http://gateway", "key", transport=httpx.MockTransport(answer))

    monkeypatch.setattr(limits, "opened_api", opened)
    return requests


def test_list_shows_state_and_breach(asked: list[httpx.Request], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 160)
    result = CliRunner().invoke(app, ["limits", "list", "US-CORE"])
    assert result.exit_code == 0
    assert "opened, severity 2, 61 s" in result.output
    assert [one.url.path for one in asked] == ["/v1/portfolios/US-CORE/limits"]


def test_json_is_the_answer_itself(asked: list[httpx.Request]) -> None:
    result = CliRunner().invoke(app, ["limits", "list", "US-CORE", "--json"])
    (found,) = json.loads(result.output)["limits"]
    assert LIMIT.items() <= {**found, "breach": BREACH}.items()
    assert BREACH.items() <= found["breach"].items()


def test_an_action_carries_who_and_why(asked: list[httpx.Request]) -> None:
    arguments = ["limits", "act", "us-var", "request_raise", "--by", "ann", "--note", "why", "--level", "9"]
    assert CliRunner().invoke(app, [*arguments, "--until", AT]).exit_code == 0
    (request,) = asked
    assert (request.method, request.url.path) == ("POST", "/v1/limits/us-var/actions")
    body: dict[str, Any] = json.loads(request.content)
    assert (body["action"], body["by"], body["note"], body["level"]) == ("request_raise", "ann", "why", 9.0)
    assert body["expires_at"] == AT
    assert CliRunner().invoke(app, ["limits", "act", "us-var", "close", "--by", "ann"]).exit_code == 2
    assert CliRunner().invoke(app, [*arguments, "--until", "2013-10-07T14:00:00"]).exit_code == 2


def test_events_of_one_portfolio(asked: list[httpx.Request]) -> None:
    assert CliRunner().invoke(app, ["limits", "events", "--portfolio", "P", "--limit", "3"]).exit_code == 0
    assert dict(asked[0].url.params) == {"portfolio_id": "P", "limit": "3"}
