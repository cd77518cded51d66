"""How far every stage is behind its input, as gauges: the broker knows it also of a stage that is dead."""

import asyncio

from aiokafka.errors import KafkaError

from api_gateway.adapters.progress import Progress
from api_gateway.core.lag import LagClock
from chassis import metrics
from chassis.clock import Clock
from chassis.logs import get_logger
from contracts import topics

EVERY_S = 5.0
SERVICES = frozenset(name for topic in topics.ALL for name in topic.consumers)
log = get_logger("api_gateway.lag")


async def watch_lag(progress: Progress, clock: Clock) -> None:
    """Keep the gauges of our own groups at what is committed; never returns."""
    lag_clock = LagClock()
    while True:
        try:
            lags = lag_clock.read(await progress.offsets(), clock.monotonic())
        except (KafkaError, OSError) as error:
            log.warning("lag_not_measured", error=repr(error))
        else:
            for (group, topic), lag in lags.items():
                if is_ours(group):
                    metrics.GROUP_LAG_RECORDS.labels(group, topic).set(lag.records)
                    metrics.GROUP_LAG_SECONDS.labels(group, topic).set(lag.seconds)
        await asyncio.sleep(EVERY_S)


def is_ours(group: str) -> bool:
    """Whether a service reads under this name: strangers' groups would be labels without bound."""
    return group.partition(".")[0] in SERVICES
