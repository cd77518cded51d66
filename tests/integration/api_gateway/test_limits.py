"""Limits over REST against the real database: define, act, page through events, replay history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from testkit.builders import make_portfolio

pytestmark = pytest.mark.integration

START = datetime(2013, 10, 7, 14, tzinfo=UTC)
LIMIT = {"portfolio_id": "LIM", "measure": "gross", "warning_level": 800.0, "hard_level": 1000.0}
EVENT = """
INSERT INTO ops.limit_event (event_id, limit_id, sequence, kind, portfolio_id, scope, measure, parameters,
    state, armed_state, value, hard_level, as_of, breach_id, breach_opened_at, severity, revision)
VALUES (%s, %s, %s, 'transition', 'LIM', 'portfolio', 'gross', '', %s, %s, %s, 1000, %s, %s, %s, 1, 1)
"""
VALUE = """
INSERT INTO ops.portfolio_valuation (portfolio_id, as_of, basis, valuation_id, currency, gross_exposure,
    coverage, fx_rates, revision)
VALUES ('LIM', %s, 'bar', %s, 'USD', %s, '{"positions": 1, "priced": 1, "stale": 0}', '{}', 1)
"""
LINE = """
INSERT INTO ops.position_valuation (portfolio_id, symbol, as_of, basis, valuation_id, sector, quantity,
    average_cost, multiplier, currency, market_value_base, position_as_of, position_version, stale, revision)
VALUES ('LIM', %s, %s, 'bar', 'v', %s, 1, 1, 1, 'USD', %s, %s, 1, false, 1)
"""
METRIC = """
INSERT INTO ops.risk_metric (portfolio_id, as_of, basis, measure, parameters, valuation_id, value, unit,
    details, definition, revision)
VALUES ('LIM', %s, 'bar', 'concentration', '', 'v', %s, 'percent', '{}', 1, 1)
"""


@pytest.fixture(scope="module")
def limits(gateway) -> Any:
    gateway.publish(make_portfolio("LIM"))
    while gateway.client.get("/v1/portfolios/LIM").status_code != 200:
        pass
    return gateway


def test_a_limit_is_defined_changed_and_audited(limits) -> None:
    put = [
        limits.client.put("/v1/limits/rest", json=LIMIT | {"hard_level": level})
        for level in (1000, 1000, 1200)
    ]
    assert [answer.json()["revision"] for answer in put] == [1, 1, 2]
    audit = limits.get("/limits/rest")
    assert [one["hard_level"] for one in audit["definitions"]] == [1000, 1200]
    assert limits.problem("/limits/none")["status"] == 404


def test_people_act_on_a_breach_and_nobody_edits_it(limits) -> None:
    limits.client.put("/v1/limits/acted", json=LIMIT)

    def act(action: str, by: str = "ann", **fields: Any) -> tuple[int, dict[str, Any]]:
        body = {"action": action, "by": by, "note": "because", **fields}
        answer = limits.client.post("/v1/limits/acted/actions", json=body)
        return answer.status_code, answer.json()

    assert act("acknowledge")[0] == 409
    limits.store(EVENT, ("acted:1", "acted", 1, "BREACH", "BREACH", 1100.0, START, "acted:1", START))
    assert [act("acknowledge")[0], act("acknowledge")[0], act("explain")[0]] == [201, 409, 201]
    assert act("close")[0] == 409
    cured = START + timedelta(minutes=1)
    limits.store(EVENT, ("acted:2", "acted", 2, "OK", "OK", 10.0, cured, "acted:1", START))
    assert act("close")[0] == 201
    status, asked = act("request_raise", level=1500.0, expires_at="2013-10-08T00:00:00Z")
    assert status == 201
    assert act("approve_raise", raise_id=asked["action_id"])[0] == 409
    assert act("approve_raise", "bob", raise_id=asked["action_id"])[0] == 201
    trail = limits.get("/limits/acted")["actions"]
    assert [one["action"] for one in trail] == [
        "acknowledge", "explain", "close", "request_raise", "approve_raise"
    ]  # fmt: skip
    with psycopg.connect(limits.postgres) as conn, pytest.raises(psycopg.Error, match="append-only"):
        conn.execute("UPDATE ops.limit_action SET note = 'other'")
    with psycopg.connect(limits.postgres) as conn, pytest.raises(psycopg.Error, match="append-only"):
        conn.execute("DELETE FROM ops.limit_event")
    assert limits.client.post(
        "/v1/limits/none/actions", json={"action": "close", "by": "a", "note": "b"}
    ).status_code == 404  # fmt: skip


def test_events_are_paged_newest_first(limits) -> None:
    rows = [
        (f"paged:{n}", "paged", n, "OK", "OK", 1.0, START + timedelta(minutes=n), None, None)
        for n in range(1, 6)
    ]
    limits.store(EVENT, *rows)
    seen: list[str] = []
    page = limits.get("/limits/events", limit_id="paged", limit="2")
    while True:
        seen += [one["event_id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        page = limits.get("/limits/events", limit_id="paged", limit="2", cursor=page["next_cursor"])
    assert seen == [f"paged:{n}" for n in range(5, 0, -1)]


def test_a_proposed_limit_is_replayed_over_stored_history(limits) -> None:
    values = [500, 1000, 1100, 500, 1000, 500]
    moments = [START + timedelta(minutes=5 * number) for number in range(len(values))]
    limits.store(
        VALUE, *((at, f"v{n}", worth) for n, (at, worth) in enumerate(zip(moments, values, strict=True)))
    )
    lines = [
        (symbol, at, sector, worth, at)
        for at in moments[:3]
        for symbol, sector, worth in (("A", "Tech", -60), ("B", None, 40))
    ]
    limits.store(LINE, *lines)
    limits.store(METRIC, *((at, 40.0 + n) for n, at in enumerate(moments)))

    def replay(**change: Any) -> dict[str, Any]:
        answer = limits.client.post("/v1/limits/backtest", json=LIMIT | {"false_alarm_s": 300} | change)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = replay()
    assert found["observations"] == 6
    assert found["breach"] == {"count": 2, "seconds": 900, "longest_seconds": 600, "false_alarms": 1}
    part = replay(
        scope="sector", scope_value="Tech", measure="share_of_gross", warning_level=None, hard_level=60
    )
    assert (part["observations"], part["episodes"][0]["worst"]) == (3, 60)
    measure = replay(measure="concentration", warning_level=None, hard_level=45)
    assert (measure["breach"]["count"], measure["episodes"][0]["open"]) == (1, True)
    refused = limits.client.post(
        "/v1/limits/backtest",
        json=LIMIT | {"scope": "sector", "scope_value": "Tech", "measure": "concentration"},
    )
    assert refused.status_code == 422
