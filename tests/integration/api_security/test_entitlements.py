"""Nobody gets an answer about a portfolio of somebody else: every route of the OpenAPI document is asked."""

from typing import Any

import pytest

from api_gateway.app import build
from api_gateway.openapi import document
from api_gateway.security.access import NEEDED, OPEN, OWN, is_administrative

pytestmark = pytest.mark.integration

# Operations with a portfolio in the body, and a body that is right but for whose portfolio it names.
LIMIT = {"portfolio_id": "YOURS", "measure": "gross", "hard_level": 10.0}
BODIES: dict[str, Any] = {
    "backtestLimit": LIMIT,
    "postWhatIf": {"portfolio_id": "YOURS", "trades": [{"symbol": "IBM", "quantity": "1"}]},
    "putLimit": LIMIT,
}
# Operations on a limit, which is on a portfolio.
ACTION = {"action": "acknowledge", "by": "ann", "note": "seen"}
ON_LIMITS: dict[str, Any] = {"actOnLimit": ACTION, "getCure": None, "getLimit": None}
# Lists that show what is reached; tested below one by one.
FILTERED = {"listLimitStates", "listPortfolios", "getReport"}
# Nothing of a portfolio is in the answer.
ABOUT_NO_PORTFOLIO = {
    *OPEN,
    *OWN,
    "createKey",
    "getInstrument",
    "getMetrics",
    "getPipeline",
    "listBars",
    "listInstruments",
    "listKeys",
    "revokeKey",
}
EVERY_SCOPE = ("read", "trade", "limits", "metrics")


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation by its id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in document(build())["paths"].items()
        for method, operation in item.items()
    }


def named_in_address(path: str, operation: dict[str, Any]) -> bool:
    parameters = {one["name"]: one["in"] for one in operation.get("parameters", ())}
    return parameters.get("portfolio_id") in ("path", "query")


OPERATIONS = operations()
IN_ADDRESS = sorted(name for name, (_, path, told) in OPERATIONS.items() if named_in_address(path, told))


def test_every_operation_is_classified() -> None:
    known = {*IN_ADDRESS, *BODIES, *ON_LIMITS, *FILTERED, *ABOUT_NO_PORTFOLIO}
    assert OPERATIONS.keys() - known == set(), "say where a new route names its portfolio"
    assert OPERATIONS.keys() - {*NEEDED, *OPEN, *OWN} == set(), "say in security/access.py what it needs"
    assert not set(NEEDED) & OPEN
    assert {name for name in OPERATIONS if is_administrative(name)} == {"createKey", "listKeys", "revokeKey"}


async def asked(client: Any, name: str, **filled: str) -> Any:
    method, path, _ = OPERATIONS[name]
    parameters = {"portfolio_id": "YOURS", "limit_id": "theirs", **filled}
    in_path = {one: value for one, value in parameters.items() if "{" + one + "}" in path}
    query = {"portfolio_id": "YOURS"} if "portfolio_id" not in in_path and name in IN_ADDRESS else None
    body = BODIES.get(name) or ON_LIMITS.get(name)
    return await client.request(method, path.format(**in_path), params=query, json=body)


@pytest.fixture
async def theirs(desk) -> None:
    """A limit on YOURS."""
    assert (await desk.admin.put("/v1/limits/theirs", json=LIMIT)).status_code == 200


async def test_a_foreign_portfolio_does_not_exist(desk, theirs) -> None:
    stranger = await desk.person("MINE", scopes=EVERY_SCOPE)
    names = [*IN_ADDRESS, *BODIES, *ON_LIMITS]
    found = {name: (await asked(stranger, name)).status_code for name in names if name != "stream"}
    assert {name: status for name, status in found.items() if status != 404} == {}
    assert (await stranger.get("/v1/stream", params={"portfolio_id": "YOURS"})).status_code == 404
    assert desk.analyst.asked == []


async def test_it_looks_like_one_that_is_not_there(desk) -> None:
    stranger = await desk.person("MINE")
    foreign, absent = [
        (await stranger.get(f"/v1/portfolios/{name}/value")).json() for name in ("YOURS", "NOPE")
    ]
    for one in (foreign, absent):
        one["detail"] = one["detail"].replace("YOURS", "NOPE")
        del one["trace_id"], one["instance"]
    assert foreign == absent


async def test_who_is_entitled_gets_past_the_door(desk, theirs) -> None:
    entitled = await desk.person("YOURS", scopes=EVERY_SCOPE)
    for name in [*IN_ADDRESS, *BODIES, *ON_LIMITS]:
        if name == "stream":
            continue
        answer = await asked(entitled, name)
        assert "no portfolio" not in answer.text, name
        assert answer.status_code != 403, name


async def test_a_scope_that_is_missing_is_told(desk) -> None:
    key = (await desk.key("MINE"))["key"]
    reader, at_admin_port = desk.client(**{"X-API-Key": key}), desk.at_admin_port(**{"X-API-Key": key})
    for name, scope in NEEDED.items():
        if scope != "read" and name in OPERATIONS:
            client = at_admin_port if is_administrative(name) else reader
            answer = await asked(client, name, portfolio_id="MINE", prefix="000000000000")
            assert (answer.status_code, scope in answer.text) == (403, True), name


async def test_an_entitlement_holds_for_all_below(desk) -> None:
    above, below = await desk.person("MINE"), await desk.person("MINE-EU")
    assert [one["portfolio_id"] for one in (await above.get("/v1/portfolios")).json()["data"]] == [
        "MINE",
        "MINE-EU",
    ]
    (only,) = (await below.get("/v1/portfolios")).json()["data"]
    assert (only["portfolio_id"], only.get("parent_id")) == ("MINE-EU", None)
    assert (await below.get("/v1/portfolios/MINE-EU")).json()["parent_id"] is None
    assert (await below.get("/v1/portfolios/MINE")).status_code == 404


async def test_who_may_do_everything_sees_everything(desk) -> None:
    everybody = await desk.person("*")
    assert len((await everybody.get("/v1/portfolios")).json()["data"]) == 3


async def test_kept_answers_are_kept_apart(desk) -> None:
    path = "/v1/portfolios/YOURS/value"
    stranger, blind = await desk.person("MINE"), await desk.person("*", scopes=("trade",))
    assert [(await desk.admin.get(path)).status_code for _ in range(2)] == [200, 200]
    assert (await stranger.get(path)).status_code == 404
    assert (await blind.get(path)).status_code == 403


async def test_a_name_that_is_taken_out_of_sight_is_refused(desk, theirs) -> None:
    stranger = await desk.person("MINE", scopes=EVERY_SCOPE)
    answer = await stranger.put("/v1/limits/theirs", json={**LIMIT, "portfolio_id": "MINE"})
    assert answer.status_code == 409
    kept = (await desk.admin.get("/v1/limits/theirs")).json()["definitions"]
    assert [one["portfolio_id"] for one in kept] == ["YOURS"]


async def test_limit_events_are_those_of_own_portfolios(desk) -> None:
    event = """INSERT INTO ops.limit_event (event_id, limit_id, sequence, kind, portfolio_id, scope, measure,
        parameters, state, armed_state, hard_level, as_of, revision)
        VALUES ($1, $1, 1, 'transition', $2, 'portfolio', 'gross', '', 'OK', 'OK', 1, now(), 1)"""
    for name in ("MINE", "YOURS"):
        await desk.owners.execute(event, f"limit of {name}", name)
    for reach, seen in (("MINE", {"MINE"}), ("YOURS", {"YOURS"}), ("*", {"MINE", "YOURS"})):
        client = await desk.person(reach)
        found = (await client.get("/v1/limits/events")).json()["data"]
        assert {one["portfolio_id"] for one in found} == seen


async def test_the_past_of_a_portfolio_is_within_reach_too(desk) -> None:
    row = """INSERT INTO ops.portfolio (portfolio_id, valid_from, name, base_currency, parent_id, revision)
        VALUES ($1, '2013-10-01', $1, 'USD', $2, 1)"""
    for name, parent in (("MINE", "ABOVE"), ("MINE-EU", "MINE"), ("YOURS", None)):
        await desk.owners.execute(row, name, parent)
    ann, then = await desk.person("MINE"), {"as_of": "2013-10-07T14:00:00Z"}
    found = (await ann.get("/v1/portfolios/MINE", params=then)).json()
    assert (found["parent_id"], found["members"]) == (None, ["MINE-EU"])
    assert (await ann.get("/v1/portfolios/YOURS", params=then)).status_code == 404
    before = await ann.get("/v1/portfolios/MINE", params={"as_of": "2013-09-01T00:00:00Z"})
    assert before.json()["type"] == "urn:tapeline:nothing-stored"
    assert (await ann.get("/v1/instruments/IBM", params=then)).status_code == 404
    assert (await ann.get("/v1/portfolios/MINE/trades", params=then)).json()["data"] == []
