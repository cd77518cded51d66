"""The web servers, and running them beside everything else until somebody asks to stop."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

STOP_TIMEOUT_S = 1.0


def web_server(app: ASGIApp, host: str, port: int) -> Server:
    """granian inside our own process and loop: a killed gateway leaves no worker that holds the port."""
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )


async def run_until_stopped(servers: Sequence[Server], parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Serve until a signal comes. A part that ends by itself is a fault: stop and raise, to be restarted."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = [asyncio.create_task(server.serve(), name="http") for server in servers]
    working = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait([stopping, *serving, *working], return_when=asyncio.FIRST_COMPLETED)
    for task in working:
        task.cancel()
    for server in servers:
        server.stop()
    await asyncio.wait(serving, timeout=STOP_TIMEOUT_S)
    await asyncio.gather(*working, return_exceptions=True)
    for task in ended - {stopping}:
        task.result()
        raise RuntimeError(f"{task.get_name()} ended although nobody asked it to")
