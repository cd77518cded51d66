"""Memory stays flat: what is refused, thrown away or dropped leaves nothing behind."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from msgspec import Struct

from testkit.builders import make_portfolio, make_position_value, make_valuation
from testkit.processes import ChildProcess
from testkit.waiting import eventually

pytestmark = pytest.mark.integration

LARGEST = 1 << 20
CHUNK = b" " * 65_536
BODIES, REQUESTS, STREAMS, AT_ONCE, PORTFOLIOS = 60, 300, 300, 100, 50
MOST_GROWTH = 8 << 20
"""One round sends 300 MiB of bodies and opens 300 streams: what were kept of it would show."""


class Gateway(Protocol):
    """What these tests use of the fixture."""

    url: str
    client: httpx.Client
    admin: httpx.Client
    process: ChildProcess

    def publish(self, *messages: Struct) -> None: ...


def test_memory_after_a_round_of_abuse_is_that_after_the_round_before(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(TAPELINE_REQUESTS_PER_S="1", TAPELINE_BURST_REQUESTS="50")
    for number in range(PORTFOLIOS):
        name = f"FLAT-{number}"
        value = make_valuation(name, "14:00", make_position_value("IBM", "1", "10"))
        gateway.publish(make_portfolio(name), value)
    eventually(lambda: gateway.client.get(f"/v1/portfolios/{name}").status_code, lambda code: code == 200)
    wanted = {"owner": "ann", "scopes": ["read"], "portfolios": ["*"]}
    key = gateway.admin.post("/v1/keys", json=wanted).json()["key"]
    process = psutil.Process(gateway.process.pid)

    def resident_after_a_round() -> int:
        send_bodies(gateway.client)
        exceed_the_rate(gateway.client, key)
        open_and_drop_streams(gateway)
        return process.memory_info().rss

    resident_after_a_round()  # fills what is kept on purpose
    first, second = resident_after_a_round(), resident_after_a_round()
    assert second - first <= MOST_GROWTH, f"{first >> 20} MiB have become {second >> 20} MiB"


def send_bodies(client: httpx.Client) -> None:
    """The largest that is read, one beyond with its length told, and one beyond in chunks."""
    largest = b'{"pad": "' + b"x" * (LARGEST - 11) + b'"}'
    assert len(largest) == LARGEST
    for _ in range(BODIES):
        found = [put(client, body) for body in (largest, b" " * (2 * LARGEST), chunks())]
        assert found == [422, 413, 413]


def chunks() -> Iterator[bytes]:
    for _ in range(2 * LARGEST // len(CHUNK)):
        yield CHUNK


def put(client: httpx.Client, body: bytes | Iterator[bytes]) -> int:
    headers = {"Content-Type": "application/json"}
    return client.put("/v1/portfolios/FLAT-0/positions", content=body, headers=headers).status_code


def exceed_the_rate(client: httpx.Client, key: str) -> None:
    headers = {"X-API-Key": key}
    found = [client.get("/v1/session", headers=headers).status_code for _ in range(REQUESTS)]
    assert 429 in found


def open_and_drop_streams(gateway: Gateway) -> None:
    for _ in range(STREAMS // AT_ONCE):
        with ExitStack() as opened:
            readers = [opened.enter_context(stream(gateway)) for _ in range(AT_ONCE)]
            for reader in readers:
                assert b"event: snapshot" in first_bytes(reader)
        eventually(lambda: "tapeline_stream_clients 0.0" in gateway.client.get("/metrics").text, bool)


def stream(gateway: Gateway) -> socket.socket:
    address = urlsplit(gateway.url)
    reader = socket.create_connection((address.hostname, address.port or 0), timeout=30)
    key = gateway.client.headers["X-API-Key"]
    target = "/v1/stream?interval_ms=50"
    reader.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
    return reader


def first_bytes(reader: socket.socket) -> bytes:
    found = b""
    while b"event: " not in found:
        piece = reader.recv(65_536)
        assert piece, found
        found += piece
    return found
