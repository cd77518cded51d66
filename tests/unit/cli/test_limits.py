"""`tapeline limits` speaks to the interface and shows what it says."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from tapeline_cli import limits
from tapeline_cli.app import app
from tapeline_cli.output import console

BREACH = {"phase": "opened", "severity": 2, "age_seconds": 61.0}
LIMIT = {
    "limit_id": "us-var",
    "state": "BREACH",
    "value": 1250.0,
    "utilisation_percent": 125.0,
    "breach": BREACH,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The requests made; every answer is a portfolio with one limit."""
    requests: list[tuple[Any, ...]] = []

    def ask(*request: Any) -> dict[str, Any]:
        requests.append(request)
        return {"limits": [LIMIT], "data": []}

    monkeypatch.setattr(limits, "_ask", ask)
    return requests


def test_list_shows_state_and_breach(asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 160)
    result = CliRunner().invoke(app, ["limits", "list", "US-CORE"])
    assert result.exit_code == 0
    assert "opened, severity 2, 61 s" in result.output
    assert asked == [("GET", "/v1/portfolios/US-CORE/limits")]


def test_json_is_the_answer_itself(asked: list[tuple[Any, ...]]) -> None:
    result = CliRunner().invoke(app, ["limits", "list", "US-CORE", "--json"])
    assert json.loads(result.output)["limits"] == [LIMIT]


def test_an_action_carries_who_and_why(asked: list[tuple[Any, ...]]) -> None:
    arguments = ["limits", "act", "us-var", "request_raise", "--by", "ann", "--note", "why", "--level", "9"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    method, path, body = asked[0]
    assert (method, path) == ("POST", "/v1/limits/us-var/actions")
    assert (body["action"], body["by"], body["note"], body["level"]) == ("request_raise", "ann", "why", 9.0)
    assert CliRunner().invoke(app, ["limits", "act", "us-var", "close", "--by", "ann"]).exit_code == 2


def test_events_of_one_portfolio(asked: list[tuple[Any, ...]]) -> None:
    assert CliRunner().invoke(app, ["limits", "events", "--portfolio", "P", "--limit", "3"]).exit_code == 0
    assert asked == [("GET", "/v1/limits/events?limit=3&portfolio_id=P")]
