"""Health is what a probe sees over HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from chassis.health import Health, serve_health


@pytest.fixture
def health() -> Health:
    return Health("broker", "database")


@pytest.fixture
def url(health: Health) -> Iterator[str]:
    server = serve_health(health, "127.0.0.1", 0, {("POST", "/jobs/echo"): lambda body: (200, body)})
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def fetch(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_not_ready_until_every_dependency_is(health: Health, url: str) -> None:
    status, body = fetch(url + "/readyz")
    assert status == 503
    assert json.loads(body)["missing"] == {"broker": "starting", "database": "starting"}
    health.ready("broker")
    health.ready("database")
    assert fetch(url + "/readyz")[0] == 200
    health.not_ready("broker", "connection refused")
    assert json.loads(fetch(url + "/readyz")[1])["missing"] == {"broker": "connection refused"}


def test_alive_while_the_loop_turns(url: str) -> None:
    assert fetch(url + "/healthz")[0] == 200


def test_dead_when_the_loop_is_silent() -> None:
    assert not Health(max_silence_s=0).is_alive()


def test_metrics_and_extra_routes(url: str) -> None:
    assert b"tapeline_stage_seconds" in fetch(url + "/metrics")[1]
    assert fetch(url + "/jobs/echo", b"hello") == (200, b"hello")
    assert fetch(url + "/nothing")[0] == 404
