"""The gateway's answers from memory under load."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.rows import Row, percentile
from bench.stack import producer, running_platform, wait_until
from testkit.platform import Platform

CONNECTIONS = 32
SECONDS = 10.0
PORTFOLIO = "US-CORE"
PATH = "gateway GET value or VaR"
RATE_TARGET, P99_TARGET_MS = 10_000, 5.0
NOTE = (
    f"Closed loop over {CONNECTIONS} connections for {SECONDS:.0f} s by an asyncio client of our own "
    "(not wrk) on the same cores; the platform runs beside it without a feed."
)


@dataclass
class Load:
    """One run: what is asked and how long each answer took."""

    request: bytes
    deadline: float
    answer_bytes: int
    latencies_ms: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Asks again as soon as an answer is complete; answers of one request are equally long."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._missing = 0
        self._asked = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing > 0:
            return
        now = time.perf_counter()
        self._load.latencies_ms.append((now - self._asked) * 1e3)
        if now < self._load.deadline and self._missing == 0:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._missing == 0:
            self.done.set_result(None)
        else:
            self.done.set_exception(RuntimeError("an answer differed in length"))

    def _ask(self) -> None:
        self._missing, self._asked = self._load.answer_bytes, time.perf_counter()
        self._transport.write(self._load.request)


def measure(runs: int) -> list[Row]:
    rows = []
    with running_platform() as platform:
        fill(platform)
        for name in ("value", "var"):
            path = f"/v1/portfolios/{PORTFOLIO}/{name}"
            found = [asyncio.run(one_run(platform.client, path)) for _ in range(runs + 1)][1:]
            rows.append(
                Row(
                    path=PATH,
                    subject=f"GET {name}",
                    unit="requests/s",
                    values=tuple(len(latencies) / SECONDS for latencies in found),
                    target=RATE_TARGET,
                    higher_is_better=True,
                    note=NOTE,
                )
            )
            p99 = tuple(percentile(latencies, 0.99) for latencies in found)
            rows.append(
                Row(path=PATH, subject=f"GET {name}, p99", unit="ms", values=p99, target=P99_TARGET_MS)
            )
    return rows


def fill(platform: Platform) -> None:
    """Prices, values and VaR of a few simulated seconds."""
    producer(platform.client["kafka"], "simulate", "--seconds", 5)
    wait_until(lambda: platform.http.get(f"/v1/portfolios/{PORTFOLIO}/var").status_code == 200)


async def one_run(client: dict[str, str], path: str) -> list[float]:
    """Milliseconds of every answer of one run."""
    address = urlsplit(client["api_url"])
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nX-API-Key: {client['api_key']}\r\n\r\n".encode()
    )
    load = Load(request, 0.0, await answer_bytes(address.hostname, address.port, request))
    load.deadline = time.perf_counter() + SECONDS
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(load), address.hostname, address.port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return load.latencies_ms


async def answer_bytes(host: str | None, port: int | None, request: bytes) -> int:
    """Length of one whole answer; RuntimeError when it is not a success."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the gateway answered {head.splitlines()[0].decode()}")
    lengths = [line for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    body = int(lengths[0].partition(b":")[2])
    await reader.readexactly(body)
    writer.close()
    return len(head) + body
