"""Composition root: `python -m valuation`."""

import sys
from contextlib import ExitStack

from chassis import metrics
from chassis.clock import SystemClock
from chassis.health import Health, serve_health
from chassis.kafka import Publisher, new_producer
from chassis.logs import configure_logging, get_logger
from chassis.shutdown import StopSignal
from chassis.tracing import configure_tracing
from contracts import topics
from store.fence import Fenced
from store.migrate import require_head
from valuation.adapters.closes import CloseWatch
from valuation.adapters.lease import Lease
from valuation.adapters.live import LiveRounds
from valuation.adapters.loop import ValuationLoop
from valuation.adapters.official import OfficialRuns
from valuation.adapters.reader import Reader
from valuation.adapters.splits import PLACE as SPLITS
from valuation.adapters.splits import SplitWatch
from valuation.adapters.store import Store
from valuation.core.moments import DAY_US
from valuation.core.progress import Progress
from valuation.core.state import Rules, State
from valuation.handlers import HANDLERS
from valuation.settings import ValuationSettings

SERVICE = "valuation"
VERSION = "0.1.0"
FENCED_EXIT = 3
BARS_AGAIN_MS = 15 * 60 * 1000


def main() -> int:
    settings = ValuationSettings()  # type: ignore[call-arg]  # values come from the environment
    configure_logging(SERVICE, settings.log_format, settings.log_level)
    metrics.BUILD_INFO.labels(service=SERVICE, version=VERSION).set(1)
    configure_tracing(SERVICE, VERSION, settings)
    stop, health = StopSignal().listen(), Health("database", "broker")
    serve_health(health, settings.http_host, settings.http_port)
    try:
        run(settings, stop, health)
    except Fenced as error:
        metrics.FENCED.labels(group=SERVICE).inc()
        get_logger(SERVICE).critical("fenced", error=str(error))
        return FENCED_EXIT
    return 0


def run(settings: ValuationSettings, stop: StopSignal, health: Health) -> None:
    """Value portfolios until stopped. Raises Fenced when another process takes over."""
    clock, history_us = SystemClock(), int(settings.bar_history_days * DAY_US)
    with ExitStack() as closing:
        require_head(settings.postgres)
        store = Store(settings.postgres, SERVICE)
        closing.callback(store.close)
        reader = Reader(settings.kafka, SERVICE, list(HANDLERS))
        closing.callback(reader.close)
        health.ready("broker")

        lease = Lease(store, clock)
        progress = Progress(store.claim([*reader.places, SPLITS]))
        rules = Rules(settings.pivot_currency, int(settings.stale_after_s * 1e6), settings.cost_method)
        state = State(rules)
        store.load(state, history_us)
        splits = SplitWatch(state, progress, store, clock)
        splits.load()
        closes = CloseWatch(state, store, clock)
        closes.load()
        state.mark_dirty(state.books.portfolios)
        # The aggregator writes a final bar to Kafka first and to PostgreSQL a moment later. Those on their
        # way when we stopped may be missing there: the newest are read again, a repeat changes nothing.
        again_ms = clock.now_us() // 1000 - BARS_AGAIN_MS
        reader.seek(progress.stored, again_ms={topics.BARS.name: again_ms})
        health.ready("database")

        # A round is sent at once: lingering for more would only add to the latency.
        publisher = Publisher(new_producer(settings.kafka, SERVICE, **{"linger.ms": 0}))
        live = LiveRounds(state, progress, publisher, lease, clock, settings.value_interval_ms / 1e3)
        official = OfficialRuns(
            state,
            progress,
            publisher,
            lease,
            store,
            clock,
            quiet_s=settings.bars_quiet_ms / 1e3,
            wait_max_s=settings.bars_wait_max_s,
            history_us=history_us,
        )
        loop = ValuationLoop(
            state,
            progress,
            reader,
            publisher,
            store,
            lease,
            live,
            official,
            splits,
            closes,
            clock,
            checkpoint_s=settings.checkpoint_s,
        )
        loop.run(stop, health)


if __name__ == "__main__":
    sys.exit(main())
