"""Safe client settings, and a publisher that never loses an error."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import (
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
)

from chassis.bus import Output, Record
from chassis.kafka_access import KafkaAccess, librdkafka_options
from chassis.kafka_login import FollowingConsumer, FollowingProducer
from chassis.tracing import carrying


class PublishError(Exception):
    """A message was not acknowledged by the broker."""


def consumer_config(bootstrap: str, group: str, **overrides: Any) -> dict[str, Any]:
    """Explicit commits, from the beginning when nothing is committed, end-of-partition events on."""
    return {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "client.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "cooperative-sticky",
        # How long an instance that will not come back keeps its partitions (the client's default is 45 s). A
        # broker that was killed must be back within it, or the members lose theirs and start again.
        "session.timeout.ms": 15_000,
        "heartbeat.interval.ms": 3_000,
        # The broker answers as soon as there is something: a longer wait delays nothing, only the news that a
        # partition is at its end. At 10 ms an idle consumer cost the broker a quarter of a core.
        "fetch.wait.max.ms": 100,
        "queued.min.messages": 20_000,
        "queued.max.messages.kbytes": 65_536,
        **librdkafka_options(),
        **overrides,
    }


def producer_config(bootstrap: str, client_id: str, **overrides: Any) -> dict[str, Any]:
    """All replicas acknowledge, no duplicates from retries, order kept."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        # Enough for what one turn of a loop hands over to go out together; more only adds to the latency.
        "linger.ms": 1,
        "queue.buffering.max.messages": 500_000,
        "delivery.timeout.ms": 60_000,
        **librdkafka_options(),
        **overrides,
    }


def new_consumer(bootstrap: str, group: str, **overrides: Any) -> Consumer:
    kind = FollowingConsumer if KafkaAccess().user else Consumer
    return kind(consumer_config(bootstrap, group, **overrides))


def new_producer(bootstrap: str, client_id: str, **overrides: Any) -> Producer:
    kind = FollowingProducer if KafkaAccess().user else Producer
    return kind(producer_config(bootstrap, client_id, **overrides))


def to_record(message: Message) -> Record:
    """Our view of a message that has no error."""
    kind, timestamp_ms = message.timestamp()
    return Record(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),  # type: ignore[arg-type]  # bytes on the wire, the stubs also allow str
        message.value(),  # type: ignore[arg-type]
        message.headers(),  # type: ignore[arg-type]
        0 if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms * 1000,
    )


def is_final(error: KafkaError) -> bool:
    """Whether a consumer's error will not pass, such as being fenced or forbidden; an absent broker will."""
    fatal = error.fatal() or error.code() == KafkaError._FATAL
    return fatal or (not error.retriable() and error.code() >= 0)


class Delivery:
    """Acknowledgements still due for one group of sends."""

    __slots__ = ("error", "pending")

    def __init__(self) -> None:
        self.pending = 0
        self.error: KafkaError | None = None

    def __call__(self, error: KafkaError | None, message: Message | None) -> None:
        self.pending -= 1
        if error is not None:
            self.error = error

    def refuse(self, refusal: KafkaException) -> None:
        """The client itself knew that the message cannot arrive: too large, or a topic it may not write."""
        self(refusal.args[0], None)

    def done(self) -> bool:
        """True when everything is acknowledged; raises PublishError when something never will be."""
        if self.error is not None:
            raise PublishError(f"the broker refused a message ({self.error.str()}); a restart sends it again")
        return self.pending == 0


class Publisher:
    """Sends outputs and knows what is not acknowledged yet."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._default = Delivery()

    @property
    def pending(self) -> int:
        """Messages not acknowledged yet."""
        return len(self._producer)

    def send(self, output: Output) -> None:
        """Hand one output to the client; `flush` tells whether it arrived."""
        self._send(output, self._default)

    def send_all(self, outputs: Iterable[Output]) -> Delivery:
        """Hand a group of outputs to the client; the returned Delivery tells when all are acknowledged.

        Made in a sampled span, they carry it.
        """
        delivery = Delivery()
        for output in carrying(outputs):
            self._send(output, delivery)
        return delivery

    def poll(self, timeout_s: float = 0.0) -> None:
        """Let acknowledgements in."""
        self._producer.poll(timeout_s)

    def wait(self, delivery: Delivery, timeout_s: float = 70.0) -> None:
        """Block until the group is acknowledged; PublishError when it fails or takes too long."""
        waited = 0.0
        while not delivery.done():
            if waited >= timeout_s:
                raise PublishError(
                    f"{delivery.pending} messages unacknowledged after {timeout_s:.0f} s: is the broker up?"
                )
            self.poll(0.05)
            waited += 0.05

    def flush(self, timeout_s: float = 70.0) -> None:
        """Block until everything sent by `send` is acknowledged."""
        self.wait(self._default, timeout_s)

    def _send(self, output: Output, delivery: Delivery) -> None:
        delivery.pending += 1
        arguments: dict[str, Any] = {"value": output.value, "key": output.key, "on_delivery": delivery}
        if output.headers:
            arguments["headers"] = output.headers
        if output.partition is not None:
            arguments["partition"] = output.partition
        while True:
            try:
                self._producer.produce(output.topic, **arguments)
                return
            except BufferError:  # the client's queue is full: let the broker catch up
                self._producer.poll(0.1)
            except KafkaException as refusal:
                delivery.refuse(refusal)
                return


def consume_now(consumer: Consumer, limit: int, timeout_s: float) -> list[Message]:
    """Wait for the first message at most `timeout_s`, then take what is already here.

    The client's own `consume(n, timeout)` waits the whole timeout for a full batch, which costs latency.
    """
    first = consumer.poll(timeout_s)
    return [] if first is None else [first, *consumer.consume(limit - 1, 0)]
