"""The Faust app: takes valuations, sends reports, commits what is done.

At least once: an event is acknowledged after its reports are on Kafka and in PostgreSQL, never by leaving the
agent. Faust acknowledges what an agent was working on when the agent fails or is cancelled, so the agent only
hands events over; the work and the acknowledgements are in `work`, and a failure there ends the process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import faust
import msgspec

from chassis import metrics
from chassis.bus import Output
from chassis.kafka_access import MECHANISM, KafkaAccess, PasswordInFile
from chassis.logs import get_logger
from chassis.tracing import batch_span, carrying, note
from contracts import topics
from risk.adapters.faust_transport import Transport
from risk.core.conflation import Conflator, ValuationHead

log = get_logger(__name__)

APP_ID = "risk"  # also the consumer group
MAX_WAITING = 5_000
COMMIT_INTERVAL_S = 0.2
Work = Callable[[list[bytes]], Awaitable[None]]

_head = msgspec.json.Decoder(ValuationHead)


def make_app(bootstrap: str, state_dir: Path, instance_id: str) -> faust.App:
    """An app without tables, web server, leader election or topics of its own."""
    app = faust.App(
        APP_ID,
        broker=[f"kafka://{server}" for server in bootstrap.split(",")],
        broker_credentials=credentials(KafkaAccess()),
        datadir=state_dir / "faust",
        store="memory://",
        web_enabled=False,
        processing_guarantee="at_least_once",
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,  # topics come from the contracts
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_compression_type="lz4",
        broker_commit_interval=COMMIT_INTERVAL_S,
        consumer_group_instance_id=instance_id,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        stream_wait_empty=False,  # what is not acknowledged is read again; waiting would only delay the end
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def credentials(access: KafkaAccess) -> faust.SASLCredentials | None:
    """Who we are at the broker; None where it asks nobody."""
    if not access.user:
        return None
    return faust.SASLCredentials(
        username=access.user,
        password=PasswordInFile(access),
        ssl_context=access.ssl_context(),
        mechanism=MECHANISM,
    )


class ValuationStream:
    """Valuations as they come in, conflated, worked off in turns."""

    def __init__(self, app: faust.App, conflate_s: float) -> None:
        self._app = app
        self._conflate_s = conflate_s
        self._waiting: Conflator[Any] = Conflator()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._topics = {topic.name: app.topic(topic.name) for topic in (topics.RISK, topics.LIMIT_EVENTS)}
        self.agent = app.agent(app.topic(topics.VALUATIONS.name), name="valuations")(self._take_in)

    async def _take_in(self, stream: Any) -> None:
        """Hand every event over; wait when too many are waiting."""
        async for event in stream.noack().events():
            self._offer(event)
            while len(self._waiting) >= MAX_WAITING:
                self._room.clear()
                await self._room.wait()

    def _offer(self, event: Any) -> None:
        try:
            head = _head.decode(event.value or b"")
        except msgspec.DecodeError as error:
            metrics.INVALID_RECORDS.labels(topic=topics.VALUATIONS.name).inc()
            place = event.message.tp.partition, event.message.offset
            log.error("valuation not readable, left out", place=place, error=str(error))
            event.ack()
            return
        self._waiting.offer(head, event.value, event)
        self._arrived.set()

    async def work(self, compute: Work, beat: Callable[[], None]) -> None:
        """Turn after turn: compute what waits, then acknowledge it; the first of a burst goes at once."""
        loop = asyncio.get_running_loop()
        while True:
            beat()
            if not await self._wait_for_arrival():
                continue
            started = loop.time()
            values, events = self._waiting.take()
            self._room.set()
            with batch_span(f"process {topics.VALUATIONS.name}", (event.message for event in events)):
                note({"tapeline.portfolio_values": len(values)})
                await compute(values)
            for event in events:
                event.ack()
            await asyncio.sleep(max(0.0, self._conflate_s - (loop.time() - started)))

    async def publish(self, outputs: list[Output]) -> None:
        """Send and wait until the broker has acknowledged all; raises what the client raises."""
        sent = [
            await self._topics[one.topic].send(key=one.key, value=one.value, headers=one.headers)
            for one in carrying(outputs)
        ]
        await asyncio.gather(*sent)

    async def _wait_for_arrival(self, timeout_s: float = 1.0) -> bool:
        try:
            await asyncio.wait_for(self._arrived.wait(), timeout_s)
        except TimeoutError:
            return False
        self._arrived.clear()
        return True
