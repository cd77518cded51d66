"""Limits over REST, without a database: what is refused, and what is answered from memory."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin

import httpx
import msgspec
import pytest
from pydantic import ValidationError

from api_gateway.app import protected
from api_gateway.core.limits import LimitFile, Refusal, action_row
from api_gateway.core.view import View
from api_gateway.schemas.limits import LimitActionIn, LimitIn
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contract_tools.examples import read_examples
from contracts import LimitEvent, topics
from contracts.codec import decoder
from testkit.builders import make_portfolio

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DEFINITION = {"hard_level": 100.0}
OPEN = LimitFile(DEFINITION, "L:3", False, [])


def act(file: LimitFile, action: str, **fields: Any) -> dict[str, Any]:
    asked = LimitActionIn(**{"action": action, "by": "ann", "note": "why", **fields})
    return action_row("L", asked, file, NOW)


def after(file: LimitFile, *rows: dict[str, Any], cured: bool = False) -> LimitFile:
    return LimitFile(file.definition, file.breach_id, cured, [*file.actions, *rows])


def test_a_breach_is_acknowledged_explained_and_closed_once_cured() -> None:
    acknowledged = act(OPEN, "acknowledge")
    assert (acknowledged["action_id"], acknowledged["breach_id"]) == ("L:3:acknowledge", "L:3")
    explained = act(after(OPEN, acknowledged), "explain")
    file = after(OPEN, acknowledged, explained)
    with pytest.raises(Refusal, match="only a cured breach"):
        act(file, "close")
    assert act(after(file, cured=True), "close")["action_id"] == "L:3:close"
    with pytest.raises(Refusal, match="already"):
        act(file, "acknowledge")
    with pytest.raises(Refusal, match="no such breach"):
        act(LimitFile(DEFINITION, None, False, []), "acknowledge")


def test_a_raise_is_approved_by_a_second_person_once() -> None:
    asked = act(OPEN, "request_raise", level=120.0, expires_at=NOW)
    assert asked["action_id"] == "L:raise:1"
    file = after(OPEN, asked)
    with pytest.raises(Refusal, match="second person"):
        act(file, "approve_raise", raise_id="L:raise:1", by="Ann ")
    approval = act(file, "approve_raise", raise_id="L:raise:1", by="bob")
    assert (approval["requested_by"], approval["level"]) == ("ann", 120.0)
    with pytest.raises(Refusal, match="approved already"):
        act(after(file, approval), "approve_raise", raise_id="L:raise:1", by="eve")
    with pytest.raises(Refusal, match="it has: L:raise:1"):
        act(file, "approve_raise", raise_id="X", by="bob")
    for wrong in ({}, {"level": 100.0, "expires_at": NOW}):
        with pytest.raises(Refusal, match="raise"):
            act(OPEN, "request_raise", **wrong)


@pytest.fixture
def gateway() -> Gateway:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    for example in read_examples():
        if example.topic is topics.LIMIT_EVENTS:
            view.put_limit_event(decoder(LimitEvent).decode(example.value))
    return Gateway(view, Health(), FixedClock(), *[nothing] * 5)


@pytest.fixture
def client(gateway: Gateway, tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "key").write_text("unit-test-key-0123456789")
    app = protected(gateway, Security(KeyFile(tmp_path / "key")), 10_000)
    headers = {"X-API-Key": "unit-test-key-0123456789"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://gateway", headers=headers
    )


async def test_what_is_red_is_told_from_memory(client: httpx.AsyncClient) -> None:
    """The two examples are of one limit: the newer one counts, in whichever order they came."""
    (event,) = (await client.get("/v1/limits")).json()["data"]
    assert (event["event_id"], event["state"]) == ("eu-var:2", "BREACH")
    assert (await client.get("/v1/limits", params={"state": "OK"})).json()["data"] == []
    of_its_portfolio = await client.get("/v1/limits", params={"portfolio_id": event["portfolio_id"]})
    assert of_its_portfolio.json()["data"] == [event]
    assert (await client.get("/v1/limits", params={"portfolio_id": "P"})).json()["data"] == []


async def test_the_next_page_is_linked_with_all_that_was_asked_for(
    gateway: Gateway, client: httpx.AsyncClient
) -> None:
    (event,) = gateway.view.limits.values()
    for name in ("a", "b", "c"):
        gateway.view.put_limit_event(msgspec.structs.replace(event, limit_id=name, portfolio_id="P & Q"))
    answer = await client.get("/v1/limits", params={"portfolio_id": "P & Q", "limit": "2"})
    seen = [answer]
    while "next" in answer.links:
        answer = await client.get(urljoin(str(answer.url), answer.links["next"]["url"]))
        seen.append(answer)
    assert [[one["limit_id"] for one in page.json()["data"]] for page in seen] == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measure": "nonsense"}, "cannot be limited"),
        ({"measure": "historical_var"}, "fit 3 rows"),
        ({"scope": "sector"}, "scope_value"),
        ({"warning_level": 200.0}, "below the hard level"),
        ({"hard_level": 0}, "greater than 0"),
        ({"hard_levl": 1}, "Extra inputs"),
    ],
)
async def test_a_wrong_limit_is_refused_with_what_to_write(
    client: httpx.AsyncClient, change: dict[str, Any], words: str
) -> None:
    limit = {"portfolio_id": "P", "measure": "gross", "hard_level": 100.0, **change}
    for answer in (
        await client.put("/v1/limits/x", json=limit),
        await client.post("/v1/limits/backtest", json=limit),
    ):
        assert answer.status_code == 422
        assert words in answer.text


async def test_a_limit_of_an_unknown_portfolio_is_refused(client: httpx.AsyncClient) -> None:
    limit = {"portfolio_id": "NOPE", "measure": "gross", "hard_level": 100.0}
    assert (await client.put("/v1/limits/x", json=limit)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"hard_level": True}, {"hard_level": "1"}, {"hysteresis": False}, {"active": "yes"}, {"active": 1}],
)
def test_a_number_or_a_choice_of_another_type_is_no_guess(wrong: dict[str, Any]) -> None:
    """`true` as a level of 1 would be a limit that nobody meant."""
    with pytest.raises(ValidationError):
        LimitIn.model_validate({"portfolio_id": "P", "measure": "gross", "hard_level": 1, **wrong})
