"""The gateway's share of a core while many clients follow GET /v1/stream."""

import asyncio
import time
from urllib.parse import urlsplit

import psutil

from bench.rows import Row
from bench.stack import producer, running_platform
from testkit.platform import Platform

CLIENTS = 200
SECONDS = 10.0
RATE = 500
TARGET_CORES = 0.5
PATH = f"gateway GET /v1/stream, {CLIENTS} clients at 5 Hz"
NOTE = (
    f"Every client takes values, risk, limits and bars; {RATE} ticks/s are simulated. The share includes "
    "what the gateway does to read its topics. The clients read on the same cores."
)


def measure(runs: int) -> list[Row]:
    with running_platform() as platform:
        found = [asyncio.run(one_run(platform)) for _ in range(runs)]
    cores, rates = zip(*found, strict=True)
    return [
        Row(
            path=PATH,
            subject="CPU of the gateway",
            unit="cores",
            values=cores,
            target=TARGET_CORES,
            note=NOTE,
        ),
        Row(path=PATH, subject="bytes to all clients", unit="MB/s", values=rates),
    ]


async def one_run(platform: Platform) -> tuple[float, float]:
    """Cores that the gateway used, and megabytes a second that all clients got."""
    seconds = int(SECONDS) + 6
    arguments = (platform.client["kafka"], "simulate", "--rate", RATE, "--seconds", seconds)
    feed = asyncio.create_task(asyncio.to_thread(producer, *arguments))
    taken = [0]
    readers = [asyncio.create_task(follow(platform.client, taken)) for _ in range(CLIENTS)]
    await asyncio.sleep(4)  # connected, snapshots taken, values under way
    process = psutil.Process(gateway_pid(platform))
    before, bytes_before, started = cpu_s(process), taken[0], time.perf_counter()
    await asyncio.sleep(SECONDS)
    lasted = time.perf_counter() - started
    found = (cpu_s(process) - before) / lasted, (taken[0] - bytes_before) / lasted / 1e6
    if any(reader.done() for reader in readers):
        raise RuntimeError("a client was dropped")
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    await feed
    return found


async def follow(client: dict[str, str], taken: list[int]) -> None:
    """Read the stream and count its bytes, until cancelled or dropped."""
    address = urlsplit(client["api_url"])
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"GET /v1/stream HTTP/1.1\r\nHost: {address.netloc}\r\nX-API-Key: {client['api_key']}\r\n\r\n"
    writer.write(head.encode())
    try:
        while piece := await reader.read(1 << 16):
            taken[0] += len(piece)
    finally:
        writer.close()


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def gateway_pid(platform: Platform) -> int:
    """The process that listens where the API is."""
    port = urlsplit(platform.client["api_url"]).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return connection.pid
    raise LookupError(f"nobody listens on {port}")
