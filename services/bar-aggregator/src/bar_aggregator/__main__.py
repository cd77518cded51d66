"""Composition root: `python -m bar_aggregator`."""

import logging
import os
import sys
import threading
from collections.abc import Callable

from bar_aggregator.adapters.bar_store import BarStore
from bar_aggregator.adapters.job_routes import job_routes
from bar_aggregator.adapters.reference import Reference
from bar_aggregator.bronze import BRONZE
from bar_aggregator.live import HEALTH_NAME, LivePath
from bar_aggregator.settings import AggregatorSettings
from bar_aggregator.spark_path import REJECTED, SparkPath
from chassis import metrics
from chassis.clock import SystemClock
from chassis.health import Health, serve_health
from chassis.logs import configure_logging, get_logger
from chassis.shutdown import StopSignal
from chassis.tracing import configure_tracing, stop_tracing

SERVICE = "bar-aggregator"
VERSION = "0.1.0"
STOP_WITHIN_S = 2.5
log = get_logger(__name__)


class Parts:
    """The threads of the service. When one fails, all stop."""

    def __init__(self, stop: StopSignal) -> None:
        self._stop = stop
        self._threads: list[threading.Thread] = []
        self.failed = False

    def start(self, name: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception:
                log.exception("part_failed", part=name)
                self.failed = True
                self._stop.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, within_s: float) -> None:
        """Wait for all, but not longer than `within_s` for each: everything may be cut short here."""
        for thread in self._threads:
            thread.join(within_s)


def main() -> None:
    settings = AggregatorSettings()  # type: ignore[call-arg]  # values come from the environment
    configure_logging(SERVICE, settings.log_format, settings.log_level)
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it logs every call from the JVM
    metrics.BUILD_INFO.labels(service=SERVICE, version=VERSION).set(1)
    configure_tracing(SERVICE, VERSION, settings)
    stop, clock = StopSignal().listen(), SystemClock()
    health = Health("reference", HEALTH_NAME, BRONZE, REJECTED)
    reference = Reference()
    live = LivePath(settings.kafka, health, clock, allowed_lateness_ms=settings.allowed_lateness_ms)
    spark = SparkPath(settings, BarStore(settings.postgres), reference, live.compare, health, clock)
    serve_health(health, settings.http_host, settings.http_port, job_routes(spark))

    parts = Parts(stop)
    parts.start("live", lambda: live.run(stop))
    parts.start("reference", lambda: reference.follow(settings.kafka, stop, health))
    parts.start("spark", lambda: spark.run(stop))
    stop.wait()
    parts.join(STOP_WITHIN_S)
    stop_tracing()
    # Whatever still runs may be cut off at any point, as by kill -9; the JVM ends with this process.
    sys.stderr.flush()
    os._exit(1 if parts.failed else 0)


if __name__ == "__main__":
    main()
