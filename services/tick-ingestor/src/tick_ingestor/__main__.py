"""Composition root: `python -m tick_ingestor`."""

import socket
from collections.abc import Iterable, Sequence

from confluent_kafka import Consumer, TopicPartition

from chassis import metrics
from chassis.bulk import new_bulk_publisher
from chassis.bus import Output, Record
from chassis.clock import SystemClock
from chassis.health import Health, serve_health
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.logs import configure_logging
from chassis.loop import BatchLoop
from chassis.shutdown import StopSignal
from chassis.tracing import configure_tracing
from contracts import topics
from tick_ingestor.adapters.instruments import InstrumentFollower
from tick_ingestor.adapters.recovery import Recovery
from tick_ingestor.adapters.telemetry import Telemetry
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.handlers import SERVICE, Ingestor
from tick_ingestor.settings import IngestorSettings

VERSION = "0.1.0"


def main() -> None:
    settings = IngestorSettings()  # type: ignore[call-arg]  # values come from the environment
    configure_logging(SERVICE, settings.log_format, settings.log_level)
    metrics.BUILD_INFO.labels(service=SERVICE, version=VERSION).set(1)
    configure_tracing(SERVICE, VERSION, settings)
    stop, health = StopSignal().listen(), Health("instruments", "partitions")
    serve_health(health, settings.http_host, settings.http_port)
    run(settings, stop, health)


def run(settings: IngestorSettings, stop: StopSignal, health: Health) -> None:
    """Take in raw events until stopped; raises when a message cannot be delivered (a restart goes on)."""
    instruments, clock = InstrumentTable(), SystemClock()
    follower = InstrumentFollower(settings.kafka, instruments)
    follower.catch_up()
    health.ready("instruments")

    rules = Normaliser(instruments, settings.max_message_bytes, settings.max_ahead_ms * 1000)
    ingestor = Ingestor(rules, RecentIds(settings.dedupe_ids), clock)
    recovery = Recovery(settings.kafka, ingestor, settings.dedupe_ids)
    # A static member gets its partitions back at once after a crash, instead of after the session timeout.
    instance = {"group.instance.id": f"{SERVICE}.{settings.instance_id or socket.gethostname()}"}
    consumer = new_consumer(settings.kafka, SERVICE, **instance)
    ticks = new_bulk_publisher(settings.kafka, SERVICE)
    # Dead letters are waited for before the ticks of their batch are sent, so they do not linger.
    letters = Publisher(new_producer(settings.kafka, f"{SERVICE}.letters", **{"linger.ms": 0}))
    telemetry = Telemetry(ingestor, consumer, clock)

    def handle(records: Sequence[Record]) -> list[Output]:
        decisions = ingestor.handle(records)
        if decisions.dead_letters:
            letters.wait(letters.send_all(decisions.dead_letters))
        return decisions.ticks

    def on_turn() -> Iterable[Output]:
        follower.follow()
        telemetry.update()
        return ()

    loop = BatchLoop(
        consumer,
        ticks,
        handle,
        stop,
        health,
        batch_size=settings.batch_size,
        commit_metadata=ingestor.metadata,
        on_turn=on_turn,
    )

    def on_assign(_: Consumer, partitions: list[TopicPartition]) -> None:
        recovery.restore(consumer, partitions)
        health.ready("partitions")

    def on_revoke(_: Consumer, partitions: list[TopicPartition]) -> None:
        loop.drain()
        ingestor.give_up(one.partition for one in partitions)

    def on_lost(_: Consumer, partitions: list[TopicPartition]) -> None:
        health.not_ready("partitions", "lost: the broker did not hear from us for longer than a session")
        loop.abandon()
        ingestor.give_up(one.partition for one in partitions)

    consumer.subscribe([topics.TICKS_RAW.name], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
    try:
        loop.run()
    finally:
        consumer.close()
        follower.close()


if __name__ == "__main__":
    main()
