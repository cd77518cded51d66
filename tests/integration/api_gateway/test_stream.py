"""GET /v1/stream over a real gateway process."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec import Struct

from testkit.builders import make_portfolio, make_position_value, make_valuation
from testkit.waiting import eventually

pytestmark = pytest.mark.integration


class Event(NamedTuple):
    name: str
    data: Any
    id: str = ""


class Gateway(Protocol):
    """What these tests use of the fixture."""

    url: str
    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any: ...
    def problem(self, path: str, **parameters: str) -> dict[str, Any]: ...
    def publish(self, *messages: Struct) -> None: ...
    def close(self) -> int: ...


@contextmanager
def events(gateway: Gateway, last_event_id: str = "", **parameters: str) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with gateway.client.stream("GET", "/v1/stream", params=parameters, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
            fields = {}


def value_at(portfolio_id: str, at: str, price: str) -> Struct:
    return make_valuation(portfolio_id, at, make_position_value("IBM", "1", price))


def until(found: Iterator[Event], amount: str) -> Event:
    return next(one for one in found if one.name == "value" and one.data["market_value"]["amount"] == amount)


def test_snapshot_change_and_resume(gateway: Gateway) -> None:
    gateway.publish(make_portfolio("SSE"), value_at("SSE", "14:00:00", "10"))
    eventually(lambda: gateway.client.get("/v1/portfolios/SSE/value").json().get("as_of") is not None)
    only = {"topics": "values", "portfolio_id": "SSE"}
    with events(gateway, **only) as found:
        assert next(found) == Event("snapshot", {"reason": "new", "events": 1})
        first = next(found)
        assert first.data == gateway.get("/portfolios/SSE/value")
        gateway.publish(value_at("SSE", "14:00:01", "11"))
        second = until(found, "11")
    gateway.publish(value_at("SSE", "14:00:02", "12"), value_at("SSE", "14:00:03", "13"))
    eventually(lambda: gateway.get("/portfolios/SSE/value")["market_value"]["amount"] == "13")
    with events(gateway, second.id, **only) as found:
        assert next(found) == Event("resumed", {"events": 1})
        assert next(found).data["market_value"]["amount"] == "13"
    with events(gateway, "00000000-5", **only) as found:
        assert next(found).data["reason"] == "restarted"
        assert until(found, "13")


def test_what_cannot_be_followed_is_refused(gateway: Gateway) -> None:
    assert "no topic 'prices'" in gateway.problem("/stream", topics="values,prices")["detail"]
    assert gateway.problem("/stream", portfolio_id="NOPE")["status"] == 404
    assert gateway.problem("/stream", symbol="NOPE")["status"] == 404
    assert gateway.problem("/stream", interval_ms="1")["status"] == 422
    assert httpx.get(gateway.url + "/v1/stream").status_code == 401


def test_a_reader_that_does_not_read_is_dropped_and_told(gateway: Gateway) -> None:
    address, key = urlsplit(gateway.url), gateway.client.headers["X-API-Key"]
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect((address.hostname, address.port))
        target = "/v1/stream?topics=values,limits,bars,risk&interval_ms=50"
        reader.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        deadline = time.monotonic() + 60
        number = 0
        while dropped_slow(gateway) == 0:
            assert time.monotonic() < deadline
            number += 1
            gateway.publish(*(value_at(f"SLOW-{one}", clock(number), str(number)) for one in range(300)))
        reader.settimeout(5)
        tail = b""
        while piece := reader.recv(1 << 20):
            tail = (tail + piece)[-500:]
            if tail.endswith(b"0\r\n\r\n"):
                break
    assert b'event: dropped\ndata: {"reason":"slow"}' in tail


def clock(number: int) -> str:
    return f"14:{number // 60:02}:{number % 60:02}"


def dropped_slow(gateway: Gateway) -> float:
    lines = gateway.client.get("/metrics").text.splitlines()
    prefix = 'tapeline_stream_dropped_total{reason="slow"} '
    return sum(float(line.removeprefix(prefix)) for line in lines if line.startswith(prefix))


def test_a_restart_ends_streams_and_gives_a_new_snapshot(
    gateway: Gateway, start_gateway: Callable[[], Gateway]
) -> None:
    gateway.publish(make_portfolio("AGAIN"), value_at("AGAIN", "14:00:00", "10"))
    eventually(lambda: gateway.client.get("/v1/portfolios/AGAIN/value").json().get("as_of") is not None)
    only = {"topics": "values", "portfolio_id": "AGAIN"}
    old = start_gateway()
    with events(old, **only) as found:
        last = until(found, "10")
        assert old.client.get("/metrics").status_code == 200
        old_exit = stop_process(old)
        assert next(found) == Event("dropped", {"reason": "stopping"})
    assert old_exit == 0
    with events(gateway, last.id, **only) as found:
        assert next(found).data["reason"] == "restarted"
        assert until(found, "10").data == last.data


def stop_process(gateway: Any) -> int:
    """End the process only: the client still reads."""
    return int(gateway.process.stop())
