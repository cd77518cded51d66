"""Reads topics into the memory view: from the beginning, up to the end, then on."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from api_gateway.adapters.kafka import consumer_for, partitions_of
from api_gateway.core.view import View
from api_gateway.handlers import UnreadableMessage, handle
from chassis import metrics
from chassis.clock import Clock
from chassis.health import Health
from chassis.logs import get_logger
from contracts import RiskReport

COMMIT_EVERY_S = 1.0
BATCH = 500
READ_BACK_POLL_S = 0.005
log = get_logger("api_gateway.live")


class LiveReader:
    """Follows some topics by manual assignment and commits how far it is, for others to see.

    Parameters: every record enters `view`; `lookback_s` starts at records of that age instead of at
    the beginning. The health dependency `name` is ready once all that was there at start has been taken in.
    """

    def __init__(
        self,
        bootstrap: str,
        name: str,
        group: str,
        topics: Sequence[str],
        view: View,
        health: Health,
        clock: Clock,
        lookback_s: float | None = None,
    ) -> None:
        self._consumer = consumer_for(bootstrap, group)
        self._bootstrap, self._name, self._topics, self._view = bootstrap, name, topics, view
        self._health, self._clock, self._lookback_s = health, clock, lookback_s
        self._uncommitted = False
        self._next: dict[TopicPartition, int] = {}
        self._caught_up = False
        self._newest_us: dict[str, int] = {}
        for topic in topics:  # an alert on the first invalid record must have seen the zero before it
            metrics.INVALID_RECORDS.labels(topic)
        self._lag_s = metrics.EVENT_LAG_SECONDS.labels(
            "gateway"
        )  # from the start, as 0 is what a rate begins at

    async def has_taken(self, offsets: dict[TopicPartition, int]) -> None:
        """Return when the records at these offsets have been taken in."""
        while any(self._next.get(place, 0) <= offset for place, offset in offsets.items()):
            await asyncio.sleep(READ_BACK_POLL_S)

    async def run(self) -> None:
        """Read until cancelled; raises when the broker does not answer at start or a topic does not exist."""
        self._health.not_ready(self._name, "reading the topics for the first time")
        await self._consumer.start()
        try:
            targets = await self._assign()
            await _until_one_ends(self._follow(targets), self._commit_regularly())
        finally:
            await self._consumer.stop()

    async def _assign(self) -> dict[TopicPartition, int]:
        """Take all partitions, set the first positions, and return the end offsets to reach."""
        partitions = await partitions_of(self._bootstrap, self._topics)
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        if self._lookback_s is not None:
            await self._seek_back(partitions, self._lookback_s)
        return await self._consumer.end_offsets(partitions)

    async def _seek_back(self, partitions: list[TopicPartition], lookback_s: float) -> None:
        since_ms = int(self._clock.now_us() / 1000 - lookback_s * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        for place, start in found.items():
            if start is None:  # nothing as young as that
                await self._consumer.seek_to_end(place)
            else:
                self._consumer.seek(place, start.offset)

    async def _follow(self, targets: dict[TopicPartition, int]) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=1000, max_records=BATCH)
            for place, records in batches.items():
                for record in records:
                    self._take(record)
                self._next[place] = records[-1].offset + 1
                self._uncommitted = True
            if targets and await self._has_reached(targets):
                targets, self._caught_up = {}, True
                self._uncommitted = True
                self._health.ready(self._name)
                log.info("caught_up", reader=self._name)

    def _take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Put a record into the view; one that breaks its contract is reported, counted and left out."""
        try:
            message = handle(self._view, record.topic, record.key, record.value)
        except UnreadableMessage as error:
            metrics.INVALID_RECORDS.labels(record.topic).inc()
            place = f"{record.topic}[{record.partition}]@{record.offset}"
            log.error("unreadable_message", place=place, error=str(error))
            return
        if isinstance(message, RiskReport) and message.source_ts_us is not None:
            self._measure(message.portfolio_id, message.source_ts_us)

    def _measure(self, portfolio_id: str, source_ts_us: int) -> None:
        """Note how long a tick took to here.

        A report without a newer tick, as after a change of history, says nothing about that.
        """
        if source_ts_us <= self._newest_us.get(portfolio_id, 0):
            return
        self._newest_us[portfolio_id] = source_ts_us
        if self._caught_up:
            lag_s = (self._clock.now_us() - source_ts_us) / 1e6
            self._lag_s.observe(max(0.0, lag_s))

    async def _has_reached(self, targets: dict[TopicPartition, int]) -> bool:
        for place, end in targets.items():
            if await self._consumer.position(place) < end:
                return False
        return True

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            if not self._uncommitted:
                continue
            self._uncommitted = False
            try:
                places = self._consumer.assignment()
                await self._consumer.commit({place: await self._consumer.position(place) for place in places})
            except KafkaError as error:
                # The commit is for display only: nothing depends on it, the next one repeats it.
                self._uncommitted = True
                log.warning("commit_failed", reader=self._name, error=str(error))


async def _until_one_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run endless work side by side; the first that fails ends the others, and is raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
