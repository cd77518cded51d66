"""`python -m api_gateway`: composition root."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from aiokafka import ConsumerRecord
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from api_gateway.adapters.kafka import producer_for
from api_gateway.adapters.live import LiveReader
from api_gateway.adapters.progress import Progress
from api_gateway.adapters.repository import Repository
from api_gateway.app import protected
from api_gateway.auth import KeyFile
from api_gateway.core.view import View
from api_gateway.handlers import BAR_TOPICS, LIVE_TOPICS, REFERENCE_TOPICS, UnreadableMessage, handle
from api_gateway.openapi import VERSION
from api_gateway.settings import Settings
from api_gateway.state import Gateway
from chassis import metrics
from chassis.clock import SystemClock
from chassis.health import Health
from chassis.logs import configure_logging, get_logger
from contracts import topics
from store.database import connect_pool

GROUP = "api-gateway"
DATABASE_EVERY_S = 2.0
STOP_TIMEOUT_S = 1.0
log = get_logger("api_gateway")


def taker(view: View) -> Callable[[ConsumerRecord[bytes, bytes]], None]:
    """Puts records into the view; one that breaks its contract is reported, counted and left out."""

    def take(record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            handle(view, record.topic, record.key, record.value)
        except UnreadableMessage as error:
            metrics.INVALID_RECORDS.labels(record.topic).inc()
            place = f"{record.topic}[{record.partition}]@{record.offset}"
            log.error("unreadable_message", place=place, error=str(error))

    return take


async def watch_database(repository: Repository, view: View, health: Health) -> None:
    """Take the official values in once, then tell whether the database answers."""
    taken = False
    while True:
        try:
            if not taken:
                for valuation in await repository.official_valuations():
                    view.put_valuation(valuation)
                taken = True
            await repository.ping()
            health.ready("postgres")
        except Exception as error:
            why = str(error) or type(error).__name__
            if health.missing().get("postgres") != why:
                log.warning("database_not_ready", error=why)
            health.not_ready("postgres", why)
        health.beat()
        await asyncio.sleep(DATABASE_EVERY_S)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what ended a part that should never end."""
    view, clock, health = View(), SystemClock(), Health("postgres")
    pool = await connect_pool(settings.postgres, application=GROUP, max_size=8)
    producer = producer_for(settings.kafka)
    progress = Progress(
        settings.kafka, [topic.name for topic in topics.ALL if topic.lifecycle == "live"], clock
    )
    repository = Repository(pool)
    gateway = Gateway(view, health, clock, repository, progress, producer)
    app = protected(gateway, KeyFile(settings.api_key_file), settings.max_body_bytes)
    server = Server(
        app,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    reader = partial(LiveReader, settings.kafka, take=taker(view), health=health, clock=clock)
    readers = [
        reader("reference", f"{GROUP}.reference", REFERENCE_TOPICS),
        reader("live", GROUP, LIVE_TOPICS),
        reader("bars", GROUP, BAR_TOPICS, lookback_s=settings.bars_lookback_s),
    ]
    await producer.start()
    await progress.start()
    try:
        await run_until_stopped(
            server, [watch_database(repository, view, health), *(one.run() for one in readers)]
        )
    finally:
        await progress.stop()
        await producer.stop()
        await pool.close()
    log.info("stopped")


async def run_until_stopped(server: Server, parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Serve until a signal comes. A part that ends by itself is a fault: stop and raise, to be restarted."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve(), name="http")
    working = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait([stopping, serving, *working], return_when=asyncio.FIRST_COMPLETED)
    for task in working:
        task.cancel()
    server.stop()
    await asyncio.wait([serving], timeout=STOP_TIMEOUT_S)
    await asyncio.gather(*working, return_exceptions=True)
    for task in ended - {stopping}:
        task.result()
        raise RuntimeError(f"{task.get_name()} ended although nobody asked it to")


def main() -> None:
    settings = Settings()  # type: ignore[call-arg]  # read from the environment
    configure_logging(GROUP, settings.log_format, settings.log_level)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    metrics.BUILD_INFO.labels(GROUP, VERSION).set(1)
    log.info("starting", host=settings.http_host, port=settings.http_port)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
