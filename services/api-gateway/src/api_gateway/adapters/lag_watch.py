"""How far every stage is behind its input, as gauges: the broker knows it also of a stage that is dead."""

import asyncio

from api_gateway.adapters.kafka import BrokerSilent
from api_gateway.adapters.progress import Progress
from chassis import metrics
from chassis.logs import get_logger
from contracts import topics

EVERY_S = 5.0
SERVICES = frozenset(name for topic in topics.ALL for name in topic.consumers)
log = get_logger("api_gateway.lag")


async def watch_lag(progress: Progress) -> None:
    """Keep the gauges of our own groups at what is committed; never returns."""
    while True:
        await measure(progress)
        await asyncio.sleep(EVERY_S)


async def measure(progress: Progress) -> None:
    """Set the gauges to what the broker tells; without an answer there are none.

    Gauges that stay where they were would look good for as long as the broker is away: that there are none is
    what an alert is on.
    """
    try:
        lags = await progress.lags()
    except BrokerSilent as error:
        log.warning("lag_not_measured", error=str(error))
        lags = {}
    metrics.GROUP_LAG_RECORDS.clear()
    metrics.GROUP_LAG_SECONDS.clear()
    for (group, topic), lag in lags.items():
        if is_ours(group):
            metrics.GROUP_LAG_RECORDS.labels(group, topic).set(lag.records)
            metrics.GROUP_LAG_SECONDS.labels(group, topic).set(lag.seconds)


def is_ours(group: str) -> bool:
    """Whether a service reads under this name: strangers' groups would be labels without bound."""
    return group.partition(".")[0] in SERVICES
