"""`python -m api_gateway`: composition root."""

import asyncio
import logging
from functools import partial

from api_gateway.adapters.analyst import Analyst
from api_gateway.adapters.books import BookWriter
from api_gateway.adapters.challenger_watch import watch_challenger
from api_gateway.adapters.database_watch import watch_database
from api_gateway.adapters.end_of_day_watch import watch_end_of_day
from api_gateway.adapters.kafka import producer_for
from api_gateway.adapters.lag_watch import watch_lag
from api_gateway.adapters.live import LiveReader
from api_gateway.adapters.progress import Progress
from api_gateway.adapters.repository import Repository
from api_gateway.adapters.row_security import ROLE, seeing_everything, set_reach
from api_gateway.adapters.trades import TradeWriter
from api_gateway.app import protected
from api_gateway.core.view import View
from api_gateway.handlers import BAR_TOPICS, LIVE_TOPICS, REFERENCE_TOPICS
from api_gateway.openapi import VERSION
from api_gateway.security.admin_port import AdminPort
from api_gateway.security.composition import security_of
from api_gateway.serving import run_until_stopped, web_server
from api_gateway.settings import Settings
from api_gateway.state import Gateway
from chassis import metrics
from chassis.clock import SystemClock
from chassis.health import Health
from chassis.logs import configure_logging, get_logger
from chassis.tracing import configure_tracing
from contracts import topics
from store.database import connect_pool

GROUP = "api-gateway"
log = get_logger("api_gateway")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what ended a part that should never end."""
    view, clock, health = View(), SystemClock(), Health("postgres", "live", "reference", "bars")
    pool = await connect_pool(settings.postgres, application=GROUP, max_size=8, role=ROLE, on_lend=set_reach)
    producer = producer_for(settings.kafka)
    progress = Progress(
        settings.kafka, [topic.name for topic in topics.ALL if topic.lifecycle == "live"], clock
    )
    repository = Repository(pool)
    reader = partial(LiveReader, settings.kafka, view=view, health=health, clock=clock)
    live = reader("live", GROUP, LIVE_TOPICS)
    reference = reader("reference", f"{GROUP}.reference", REFERENCE_TOPICS)
    bars = reader("bars", GROUP, BAR_TOPICS, lookback_s=settings.bars_lookback_s)
    analyst = Analyst(settings.risk_url)
    books, trades = BookWriter(producer, live), TradeWriter(producer, repository)
    gateway = Gateway(view, health, clock, repository, progress, books, analyst, trades)
    security, securing = security_of(settings, pool, clock)
    app = protected(gateway, security, settings.max_body_bytes)
    servers = [
        web_server(app, settings.http_host, settings.http_port),
        web_server(AdminPort(app), settings.admin_host, settings.admin_port),
    ]
    await producer.start()
    await progress.start()
    try:
        await run_until_stopped(
            servers,
            [
                seeing_everything(watch_database(repository, view, health)),
                seeing_everything(watch_challenger(pool)),
                seeing_everything(watch_end_of_day(pool)),
                watch_lag(progress),
                gateway.stream.until_stopped(),
                *(one.run() for one in (live, reference, bars)),
                *securing,
            ],
        )
    finally:
        await analyst.close()
        await progress.stop()
        await producer.stop()
        await pool.close()
    log.info("stopped")


def main() -> None:
    settings = Settings()  # type: ignore[call-arg]  # read from the environment
    configure_logging(GROUP, settings.log_format, settings.log_level)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    metrics.BUILD_INFO.labels(GROUP, VERSION).set(1)
    configure_tracing(GROUP, VERSION, settings)
    log.info("starting", host=settings.http_host, port=settings.http_port, admin_port=settings.admin_port)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
