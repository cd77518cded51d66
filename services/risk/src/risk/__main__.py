"""Composition root: `python -m risk`."""

import asyncio
import signal
import sys
from collections.abc import Awaitable
from datetime import timedelta
from functools import partial
from socket import gethostname
from typing import Any

import faust

from chassis import metrics
from chassis.clock import SystemClock
from chassis.health import Health, Route, serve_health
from chassis.logs import configure_logging, get_logger
from chassis.tracing import configure_tracing
from contracts import LimitEvent
from measuring.adapters.history import HistoryStore
from measuring.adapters.metrics import MetricStore
from risk.adapters.analysis_routes import analysis_routes
from risk.adapters.backlog import event_ids, restore
from risk.adapters.client_logs import quieten_clients
from risk.adapters.faust_app import APP_ID, ValuationStream, make_app
from risk.adapters.limit_store import LimitStore
from risk.adapters.worker import RiskWorker
from risk.core.desk import Desk
from risk.core.state import RiskState
from risk.handlers import RiskHandler
from risk.settings import RiskSettings
from store.database import WRITER, connect_pool, run_transaction
from store.fence import Fenced, OwnerFence

VERSION = "0.1.0"
CLOSE_WITHIN_S = 1.5
FENCED_EXIT = 3
# Well inside the 30 days that the topic keeps: an event is missing there only if it was never sent.
REPUBLISHED = timedelta(days=7)

log = get_logger(__name__)


def main() -> None:
    settings = RiskSettings()  # type: ignore[call-arg]  # values come from the environment
    configure_logging(APP_ID, settings.log_format, settings.log_level)
    quieten_clients(settings.log_level)
    metrics.BUILD_INFO.labels(service=APP_ID, version=VERSION).set(1)
    configure_tracing(APP_ID, VERSION, settings)
    health = Health("history", "partitions")
    routes: dict[tuple[str, str], Route] = {}
    serve_health(health, settings.http_host, settings.http_port, routes)
    sys.exit(asyncio.run(run(settings, health, routes)))


async def run(settings: RiskSettings, health: Health, routes: dict[tuple[str, str], Route]) -> int:
    """Serve until a signal comes (0), a part fails (1) or another process has taken over (3).

    A restart goes on from what was acknowledged.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = await connect_pool(settings.postgres, application=APP_ID, role=WRITER)
    fence = OwnerFence(APP_ID, "ops")
    await run_transaction(pool, fence.claim)
    history = HistoryStore(pool, settings.benchmark)
    state = RiskState(await history.load(), settings.pivot_currency)
    await asyncio.to_thread(restore, settings.kafka, state)
    limits = LimitStore(pool, fence)
    state.limits.replace(await limits.load())
    state.limits.restore(await limits.states())
    missing = await unpublished(settings.kafka, limits)
    health.ready("history")
    routes.update(analysis_routes(Desk(state)))

    app = make_app(settings.kafka, settings.state_dir, settings.instance_id or gethostname())
    stream = ValuationStream(app, settings.risk_interval_ms / 1000)
    app.on_partitions_assigned.connect(partial(on_assigned, health), weak=False)
    store = MetricStore(pool, fence)
    worker = RiskWorker(RiskHandler(state), history, store, limits, stream.publish, SystemClock())
    await app.start()
    await worker.publish_missing(missing)
    parts = [
        asyncio.create_task(stop.wait(), name="signal"),
        asyncio.create_task(stream.work(worker.compute, health.beat), name="valuations"),
        asyncio.create_task(worker.follow_history(settings.history_poll_s), name="history"),
        asyncio.create_task(worker.follow_limits(settings.limits_poll_s), name="limits"),
        asyncio.create_task(watch(app), name="faust"),
    ]
    try:
        return await first_end(parts)
    finally:
        await worker.finish_turn()
        for part in parts:
            part.cancel()
        await end(app.stop())
        await end(pool.close())


async def unpublished(bootstrap: str, limits: LimitStore) -> list[LimitEvent]:
    """Recorded limit events that the topic does not have: the process was stopped in between."""
    recorded = await limits.recent(REPUBLISHED)
    if not recorded:
        return []
    published = await asyncio.to_thread(event_ids, bootstrap)
    return [event for event in recorded if event.event_id not in published]


async def on_assigned(health: Health, *_: object, **__: object) -> None:
    """The broker gave us partitions: valuations are taken in."""
    health.ready("partitions")


async def watch(app: faust.App) -> None:
    """Raises when Faust stops by itself."""
    await app.wait_until_stopped()
    raise app.crash_reason or RuntimeError("the Faust app stopped by itself")


async def first_end(parts: list[asyncio.Task[Any]]) -> int:
    """Exit code by the part that ends first: only a signal is a good end, and a successor is told apart."""
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    failed = [part for part in done if part.exception() is not None]
    for part in failed:
        log.critical("stopped by a failure", part=part.get_name(), exc_info=part.exception())
    if any(isinstance(part.exception(), Fenced) for part in failed):
        metrics.FENCED.labels(group=APP_ID).inc()
        log.critical("fenced")
        return FENCED_EXIT
    return 1 if failed else 0


async def end(closing: Awaitable[None]) -> None:
    """Wait for a part to close, but not long: a broker or database that is gone must not hold the process."""
    try:
        await asyncio.wait_for(closing, CLOSE_WITHIN_S)
    except TimeoutError:
        log.warning("a part did not close in time", seconds=CLOSE_WITHIN_S)


if __name__ == "__main__":
    main()
