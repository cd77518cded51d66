"""Key, limits, metrics, pipeline and faults, on a real server: a test client skips some layers."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx
import psycopg
import pytest
from confluent_kafka import Producer
from msgspec import Struct

from chassis.kafka import new_consumer
from chassis.offsets import commit
from contracts import topics
from testkit.builders import make_instrument, make_portfolio, make_valuation
from testkit.processes import ChildProcess
from testkit.waiting import eventually

pytestmark = pytest.mark.integration


class Gateway(Protocol):
    """What these tests use of the fixture."""

    kafka: str
    postgres: str
    key_file: Path
    client: httpx.Client
    admin: httpx.Client
    stranger: httpx.Client
    process: ChildProcess

    def get(self, path: str, **parameters: str) -> Any: ...
    def problem(self, path: str, **parameters: str) -> dict[str, Any]: ...
    def refused(self, answer: httpx.Response) -> dict[str, Any]: ...
    def publish(self, *messages: Struct) -> None: ...
    def is_ready(self) -> bool: ...
    def close(self) -> int: ...


# What a stranger may ask: states, and the door, which wants its token. Pages hold no data and are not listed.
OPEN = {"getHealth": 200, "getReadiness": 200, "signIn": 422}


def test_nothing_but_states_and_the_door_is_answered_without_the_key(gateway: Gateway) -> None:
    document = gateway.client.get("/openapi.json").json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            answer = gateway.stranger.request(method, path.replace("{", "").replace("}", ""))
            if (expected := OPEN.get(operation["operationId"])) is not None:
                assert answer.status_code == expected, path
            else:
                assert gateway.refused(answer)["status"] == 401, path
    for path in ("/openapi.json", "/docs", "/nothing", "/healthz/", "/v1//portfolios"):
        assert gateway.stranger.get(path).status_code == 401, path
    for key in ("", "wrong", "integration-test-key-012345678"):
        assert gateway.stranger.get("/v1/portfolios", headers={"X-API-Key": key}).status_code == 401
    bearer = {"Authorization": "Bearer " + gateway.client.headers["X-API-Key"]}
    assert gateway.stranger.get("/metrics", headers=bearer).status_code == 200


def test_keys_are_made_at_the_administrative_port_and_nothing_else_is_asked_there(gateway: Gateway) -> None:
    wanted = {"owner": "ann", "scopes": ["read"], "portfolios": ["*"]}
    assert (
        "administrative port only" in gateway.refused(gateway.client.post("/v1/keys", json=wanted))["detail"]
    )
    made = gateway.admin.post("/v1/keys", json=wanted)
    assert made.status_code == 201
    assert gateway.stranger.get("/v1/session", headers={"X-API-Key": made.json()["key"]}).status_code == 200
    assert "main port only" in gateway.refused(gateway.admin.get("/v1/portfolios"))["detail"]
    assert gateway.admin.get("/readyz", headers={"X-API-Key": ""}).status_code == 200
    assert gateway.admin.get("/v1/keys", headers={"X-API-Key": ""}).status_code == 401


def test_a_changed_key_file_is_noticed_without_a_restart(gateway: Gateway) -> None:
    old, new = gateway.client.headers["X-API-Key"], "another-key-0123456789"
    try:
        write_key(gateway.key_file, new)

        def status(key: str) -> int:
            return gateway.stranger.get("/v1/portfolios", headers={"X-API-Key": key}).status_code

        eventually(lambda: status(new), lambda code: code == 200)
        assert status(old) == 401
    finally:
        write_key(gateway.key_file, old)
        eventually(lambda: gateway.client.get("/v1/portfolios").status_code, lambda code: code == 200)


def write_key(path: Path, key: str) -> None:
    path.write_text(key)
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def test_errors_are_problems_with_the_callers_trace(gateway: Gateway) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    problem = gateway.refused(gateway.client.get("/v1/nothing", headers=headers))
    assert (problem["status"], problem["trace_id"], problem["instance"]) == (404, trace, "/v1/nothing")
    assert gateway.refused(gateway.client.delete("/v1/portfolios"))["status"] == 405
    assert (
        gateway.refused(gateway.client.get("/v1/portfolios?limit=0"))["errors"][0]["pointer"] == "query.limit"
    )


def test_a_large_body_is_refused_also_without_a_length(gateway: Gateway) -> None:
    def chunks() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    gateway.publish(make_portfolio("LARGE"))
    eventually(lambda: gateway.client.get("/v1/portfolios/LARGE").status_code, lambda code: code == 200)
    path = "/v1/portfolios/LARGE/positions"
    headers = {"Content-Type": "application/json"}
    for body in (b" " * (2 << 20), chunks()):
        answer = gateway.client.put(path, content=body, headers=headers)
        assert gateway.refused(answer)["status"] == 413


def test_metrics_name_routes_and_never_paths(gateway: Gateway) -> None:
    for number in range(50):
        gateway.client.get(f"/v1/portfolios/RANDOM{number}/value")
        gateway.client.get(f"/random/{number}")
    text = gateway.client.get("/metrics").text
    route = 'route="/v1/portfolios/{portfolio_id}/value"'
    assert f'tapeline_http_requests_total{{method="GET",{route},status="404"}} 50.0' in text
    assert "RANDOM" not in text
    assert "/random/" not in text
    assert f'tapeline_http_request_seconds_count{{method="GET",{route}}}' in text


def test_pipeline_shows_counts_lags_and_watermarks(gateway: Gateway) -> None:
    producer = Producer({"bootstrap.servers": gateway.kafka})
    for _ in range(5):
        producer.produce(topics.TICKS_RAW.name, b"x", partition=2)
        producer.produce(topics.TICKS.name, b"x", partition=0)
    producer.flush(10)
    note = {"received": 4, "accepted": 2, "duplicate": 1, "rejected": {"not_json": 1}}
    put_commit(gateway.kafka, "tick-ingestor", (topics.TICKS_RAW.name, 2), 4, note)
    mark = {"watermark_us": 1381154400000000}
    put_commit(gateway.kafka, "bar-aggregator.bronze", (topics.TICKS.name, 0), 5, mark)

    found = eventually(
        lambda: gateway.get("/pipeline"),
        lambda one: "bar-aggregator.bronze" in {group["group"] for group in one["groups"]},
    )
    assert found["ingest"]["total"] == {"received": 4, "accepted": 2, "duplicate": 1, "rejected": 1}
    assert found["ingest"]["rejected_by_reason"] == {"not_json": 1}
    groups = {(group["group"], group["topic"]): group for group in found["groups"]}
    assert groups["tick-ingestor", topics.TICKS_RAW.name]["lag"] == 1
    assert groups["tick-ingestor", topics.TICKS_RAW.name]["lag_seconds"] >= 0
    assert found["provisional_vs_final"]["total"].keys() == {"equal", "different", "corrected"}
    bronze = groups["bar-aggregator.bronze", topics.TICKS.name]
    assert (bronze["lag"], bronze["watermark"]) == (0, "2013-10-07T14:00:00Z")
    sizes = {topic["topic"]: topic["end_offset"] for topic in found["topics"]}
    assert sizes[topics.TICKS_RAW.name] == 5


def test_the_gateway_shows_its_own_progress(gateway: Gateway) -> None:
    gateway.publish(make_instrument("SEEN"), make_valuation("SEEN", "14:00"))

    def lags() -> dict[tuple[str, str], int]:
        groups = gateway.get("/pipeline")["groups"]
        return {(group["group"], group["topic"]): group["lag"] for group in groups}

    wanted = (("api-gateway.reference", topics.INSTRUMENTS.name), ("api-gateway", topics.VALUATIONS.name))
    eventually(lags, lambda found: all(found.get(place) == 0 for place in wanted))


def put_commit(kafka: str, group: str, place: tuple[str, int], offset: int, note: dict[str, object]) -> None:
    consumer = new_consumer(kafka, group)
    commit(consumer, {place: offset}, {place: json.dumps(note)})
    consumer.close()


def test_killed_database_sessions_are_replaced(gateway: Gateway) -> None:
    gateway.publish(make_portfolio("KILLED"))
    eventually(lambda: gateway.client.get("/v1/portfolios/KILLED").status_code, lambda code: code == 200)
    for _ in range(5):
        with psycopg.connect(gateway.postgres, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        codes = [gateway.client.get("/v1/portfolios/KILLED/history").status_code for _ in range(3)]
        assert set(codes) <= {200, 503}
    eventually(
        lambda: gateway.client.get("/v1/portfolios/KILLED/history").status_code, lambda code: code == 200
    )


def test_a_stopped_gateway_leaves_with_success(start_gateway: Callable[[], Gateway]) -> None:
    second = start_gateway()
    second.get("/portfolios")  # an idle connection that is kept alive must not hold it up
    second.process.process.terminate()
    assert second.process.process.wait(timeout=10) == 0
