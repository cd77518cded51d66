"""The gateway's answers from memory under load: as it runs, and the same application under uvicorn."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.rows import Row
from bench.stack import is_ready, producer, running_platform, wait_until
from bench.wrk import Load, load
from local_stack.ports import free_port
from testkit.platform import Platform
from testkit.processes import ChildProcess

CONNECTIONS, SECONDS = 16, 10
PORTFOLIO = "US-CORE"
PATH = "gateway GET value or VaR"
NAMES = ("value", "var")
RATE_TARGET, P99_TARGET_MS = 10_000, 5.0
NOTE = (
    f"Closed loop by wrk, one thread and {CONNECTIONS} connections for {SECONDS} s, on the same cores; the "
    "platform runs beside it without a feed. Every request carries a key and gets a trace id, an ETag and "
    "its metrics. Under uvicorn runs the same application with the same settings (httptools parser)."
)


def measure(runs: int) -> list[Row]:
    with running_platform() as platform:
        fill(platform)
        with under_uvicorn(platform) as url:
            servers = {None: platform.client["api_url"], "uvicorn": url}
            # In turns: none is asked only while the platform still settles. The first round is not counted.
            found = [one_round(servers, platform.client["api_key"]) for _ in range(runs + 1)][1:]
    return [
        row
        for name in NAMES
        for peer in servers
        for row in rows(name, [one[peer, name] for one in found], peer)
    ]


def one_round(servers: dict[str | None, str], api_key: str) -> dict[tuple[str | None, str], Load]:
    """Each question to each server once."""
    return {
        (peer, name): load(f"{url}/v1/portfolios/{PORTFOLIO}/{name}", api_key, CONNECTIONS, SECONDS)
        for name in NAMES
        for peer, url in servers.items()
    }


def rows(name: str, found: list[Load], peer: str | None = None) -> list[Row]:
    subject = f"GET {name}" if peer is None else f"GET {name}, {peer}"
    return [
        Row(
            path=PATH,
            subject=subject,
            unit="requests/s",
            values=tuple(one.requests_per_s for one in found),
            target=None if peer else RATE_TARGET,
            higher_is_better=True,
            note=NOTE,
        ),
        Row(
            path=PATH,
            subject=f"{subject}, p99",
            unit="ms",
            values=tuple(one.p99_ms for one in found),
            target=None if peer else P99_TARGET_MS,
        ),
    ]


def fill(platform: Platform) -> None:
    """Prices, values and VaR of a few simulated seconds."""
    producer(platform.client["kafka"], "simulate", "--seconds", 5)
    wait_until(lambda: platform.http.get(f"/v1/portfolios/{PORTFOLIO}/var").status_code == 200)


@contextmanager
def under_uvicorn(platform: Platform) -> Iterator[str]:
    """A second gateway on the same platform; yields its address."""
    port = free_port()
    ports = {"TAPELINE_HTTP_PORT": str(port), "TAPELINE_ADMIN_PORT": "0"}
    environment = psutil.Process(platform.pid("api-gateway")).environ() | ports
    url = f"http://127.0.0.1:{port}"
    child = ChildProcess(
        "uvicorn",
        [sys.executable, str(Path(__file__).with_name("under_uvicorn.py"))],
        platform.home / "uvicorn.log",
        environment,
    )
    try:
        child.wait_ready(lambda: is_ready(url))
        yield url
    finally:
        child.stop()
