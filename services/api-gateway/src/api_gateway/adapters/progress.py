"""How far every group is, as the broker tells it; one reading serves all requests of a second."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from api_gateway.adapters.kafka import BrokerSilent, admin_for, consumer_for, partitions_of
from api_gateway.core.lag import GroupLag, LagClock
from api_gateway.core.pipeline import Commit, Offsets, Place
from chassis.clock import Clock
from chassis.logs import get_logger

FRESH_S = 1.0
PATIENCE_S = 10.0
log = get_logger("api_gateway.progress")


class Progress:
    """Reads offset ranges and commits of the given topics."""

    def __init__(self, bootstrap: str, topics: list[str], clock: Clock) -> None:
        self._bootstrap, self._topics, self._clock = bootstrap, topics, clock
        self._admin = admin_for(bootstrap)
        self._consumer = consumer_for(bootstrap)
        self._partitions: list[TopicPartition] = []
        self._read: tuple[float, Offsets] | None = None
        self._lag_clock = LagClock()
        self._lags: Mapping[tuple[str, str], GroupLag] = {}
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        self._partitions = await partitions_of(self._bootstrap, self._topics)
        await self._admin.start()
        await self._consumer.start()

    async def stop(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def offsets(self) -> Offsets:
        """The newest reading, at most a second old. Raises BrokerSilent."""
        async with self._lock:
            if self._read is None or self._clock.monotonic() - self._read[0] > FRESH_S:
                self._read = await self._measured()
            return self._read[1]

    async def lags(self) -> Mapping[tuple[str, str], GroupLag]:
        """How far every group is behind, by the same reading. Raises BrokerSilent."""
        await self.offsets()
        return self._lags

    async def _measured(self) -> tuple[float, Offsets]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                offsets = await self._ask()
        except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
            log.warning("broker_silent", error=repr(error))
            raise BrokerSilent("the broker does not answer") from error
        now_s = self._clock.monotonic()
        self._lags = self._lag_clock.read(offsets, now_s)
        return now_s, replace(offsets, lag_seconds={place: lag.seconds for place, lag in self._lags.items()})

    async def _ask(self) -> Offsets:
        commits = await self._commits()
        begins = await self._consumer.beginning_offsets(self._partitions)
        # Ends are read last, so that no commit lies beyond its end.
        ends = await self._consumer.end_offsets(self._partitions)
        ranges = {(place.topic, place.partition): (begins[place], ends[place]) for place in self._partitions}
        return Offsets(ranges, commits)

    async def _commits(self) -> dict[str, dict[Place, Commit]]:
        known = set(self._partitions)
        found: dict[str, dict[Place, Commit]] = {}
        for group in sorted(row[0] for row in await self._admin.list_consumer_groups()):
            committed = await self._admin.list_consumer_group_offsets(group)
            places = {
                # confluent-kafka commits the text with its terminating zero byte.
                (place.topic, place.partition): Commit(at.offset, at.metadata.rstrip("\0"))
                for place, at in committed.items()
                if place in known and at.offset >= 0
            }
            if places:
                found[group] = places
        return found
