"""How far every group is, as the broker tells it; one reading serves all requests of a second."""

import asyncio

from aiokafka import TopicPartition

from api_gateway.adapters.kafka import admin_for, consumer_for, partitions_of
from api_gateway.core.pipeline import Commit, Offsets, Place
from chassis.clock import Clock

FRESH_S = 1.0


class Progress:
    """Reads offset ranges and commits of the given topics."""

    def __init__(self, bootstrap: str, topics: list[str], clock: Clock) -> None:
        self._bootstrap, self._topics, self._clock = bootstrap, topics, clock
        self._admin = admin_for(bootstrap)
        self._consumer = consumer_for(bootstrap)
        self._partitions: list[TopicPartition] = []
        self._read: tuple[float, Offsets] | None = None
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        self._partitions = await partitions_of(self._bootstrap, self._topics)
        await self._admin.start()
        await self._consumer.start()

    async def stop(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def offsets(self) -> Offsets:
        """The newest reading, at most a second old."""
        async with self._lock:
            if self._read is None or self._clock.monotonic() - self._read[0] > FRESH_S:
                self._read = (self._clock.monotonic(), await self._ask())
            return self._read[1]

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
