"""The loop commits what is acknowledged, in order, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from chassis.bus import Output, Record
from chassis.health import Health
from chassis.kafka import Publisher, PublishError
from chassis.loop import BatchLoop
from chassis.shutdown import StopSignal


class FakeMessage:
    def __init__(self, offset: int, partition: int = 0) -> None:
        self._offset, self._partition = offset, partition

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "in"

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return str(self._offset).encode()

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return (1, 1000)


class FakeError:
    """What a poll returns instead of a message."""

    def __init__(self, code: int) -> None:
        self._error = KafkaError(code)

    def error(self) -> KafkaError:
        return self._error


class FakeConsumer:
    """A log of one topic; remembers what was committed."""

    def __init__(self, *batches: list[Any]) -> None:
        self._batches = list(batches)
        self._rest: list[Any] = []
        self.commits: list[dict[tuple[str, int], tuple[int, str]]] = []
        self.refusal: int | None = None

    def poll(self, timeout: float) -> Any:
        if not self._batches:
            return None
        first, *self._rest = self._batches.pop(0)
        return first

    def consume(self, limit: int, timeout: float) -> list[Any]:
        rest, self._rest = self._rest, []
        return rest

    def commit(self, offsets: list[Any], asynchronous: bool) -> None:
        if self.refusal is not None:
            raise KafkaException(KafkaError(self.refusal))
        self.commits.append({(one.topic, one.partition): (one.offset, one.metadata) for one in offsets})


class FakeProducer:
    """Acknowledges when told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None]] = []
        self._waiting: list[Callable[[Any, Any], None]] = []
        self.hold = False
        self.error: KafkaError | None = None

    def produce(self, topic: str, value: bytes | None, key: bytes | None, on_delivery: Any, **_: Any) -> None:
        self.sent.append((topic, value))
        self._waiting.append(on_delivery)

    def poll(self, timeout: float) -> None:
        if not self.hold:
            while self._waiting:
                self._waiting.pop(0)(self.error, None)

    def __len__(self) -> int:
        return len(self._waiting)


def copy(records: Any) -> list[Output]:
    return [Output("out", record.value, record.key) for record in records]


def loop(
    consumer: FakeConsumer,
    producer: FakeProducer,
    handle: Any = copy,
    health: Health | None = None,
    **options: Any,
) -> BatchLoop:
    publisher = Publisher(producer)  # type: ignore[arg-type]
    return BatchLoop(
        consumer,  # type: ignore[arg-type]
        publisher,
        handle,
        StopSignal(),
        health or Health(),
        commit_interval_s=0,
        **options,
    )


def test_outputs_are_published_before_their_offsets_are_committed() -> None:
    consumer, producer = FakeConsumer([FakeMessage(0), FakeMessage(1)]), FakeProducer()
    producer.hold = True
    running = loop(consumer, producer)
    running.turn()
    assert producer.sent == [("out", b"0"), ("out", b"1")]
    assert consumer.commits == []
    producer.hold = False
    running.turn()
    assert consumer.commits == [{("in", 0): (2, "")}]


def test_a_refused_message_stops_the_loop_without_a_commit() -> None:
    consumer, producer = FakeConsumer([FakeMessage(0)]), FakeProducer()
    producer.error = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
    running = loop(consumer, producer)
    with pytest.raises(PublishError, match="refused"):
        running.turn()
    assert consumer.commits == []


def test_metadata_belongs_to_the_offset_it_was_made_at() -> None:
    consumer = FakeConsumer([FakeMessage(0)], [FakeMessage(1)])
    producer = FakeProducer()
    producer.hold = True
    seen = 0

    def handle(records: list[Record]) -> list[Output]:
        nonlocal seen
        seen += len(records)
        return copy(records)

    running = loop(consumer, producer, handle, commit_metadata=lambda topic, partition: f"seen={seen}")
    running.turn()
    running.turn()
    producer.hold = False
    running.drain()
    assert consumer.commits == [{("in", 0): (2, "seen=2")}]


def test_a_batch_without_output_is_committed() -> None:
    consumer, producer = FakeConsumer([FakeMessage(7, partition=3)]), FakeProducer()
    running = loop(consumer, producer, handle=lambda records: [])
    running.turn()
    assert consumer.commits == [{("in", 3): (8, "")}]


def test_the_commit_can_be_held_back() -> None:
    consumer, producer = FakeConsumer([FakeMessage(7)]), FakeProducer()
    running = loop(consumer, producer, commit_offset=lambda topic, partition, following: following - 5)
    running.turn()
    running.drain()
    assert consumer.commits == [{("in", 0): (3, "")}]


def test_timers_publish_without_input() -> None:
    consumer, producer = FakeConsumer(), FakeProducer()
    loop(consumer, producer, on_turn=lambda: [Output("out", b"tick")]).turn()
    assert producer.sent == [("out", b"tick")]


def test_a_handler_that_raises_commits_nothing() -> None:
    consumer, producer = FakeConsumer([FakeMessage(0)]), FakeProducer()

    def broken(records: Any) -> list[Output]:
        raise ValueError("invariant")

    running = loop(consumer, producer, broken)
    with pytest.raises(ValueError, match="invariant"):
        running.turn()
    assert consumer.commits == []


@pytest.mark.parametrize(
    "code", [KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID, KafkaError.TOPIC_AUTHORIZATION_FAILED]
)
def test_an_error_that_will_not_pass_stops_the_loop(code: int) -> None:
    with pytest.raises(KafkaException):
        loop(FakeConsumer([FakeError(code)]), FakeProducer()).turn()


@pytest.mark.parametrize("code", [KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT])
def test_a_broker_that_is_away_does_not(code: int) -> None:
    loop(FakeConsumer([FakeError(code)]), FakeProducer()).turn()


@pytest.mark.parametrize("code", [KafkaError._WAIT_COORD, KafkaError.COORDINATOR_LOAD_IN_PROGRESS])
def test_a_broker_that_is_away_is_told_later_and_readiness_says_so(code: int) -> None:
    consumer, producer, health = FakeConsumer([FakeMessage(0)], [FakeMessage(1)]), FakeProducer(), Health()
    consumer.refusal = code
    running = loop(consumer, producer, health=health)
    running.turn()
    assert consumer.commits == []
    assert health.missing().keys() == {"broker"}
    consumer.refusal = None
    running.turn()
    assert consumer.commits == [{("in", 0): (2, "")}]
    assert health.missing() == {}


@pytest.mark.parametrize("code", [KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.FENCED_INSTANCE_ID])
def test_a_commit_that_is_forbidden_stops_the_loop(code: int) -> None:
    consumer = FakeConsumer([FakeMessage(0)])
    consumer.refusal = code
    with pytest.raises(KafkaException):
        loop(consumer, FakeProducer()).turn()


def test_nothing_is_committed_of_partitions_that_were_lost() -> None:
    consumer, producer = FakeConsumer([FakeMessage(0)]), FakeProducer()
    producer.hold = True
    running = loop(consumer, producer)
    running.turn()
    producer.hold = False
    running.abandon()
    assert len(producer) == 0
    running.turn()
    assert consumer.commits == []


def test_what_could_not_be_committed_before_partitions_were_given_up_is_not_committed_after() -> None:
    consumer, health = FakeConsumer([FakeMessage(0)]), Health()
    consumer.refusal = KafkaError.ILLEGAL_GENERATION
    running = loop(consumer, FakeProducer(), health=health)
    running.turn()
    assert health.missing().keys() == {"broker"}
    running.drain()
    assert health.missing() == {}, "whoever has the partitions now commits; we owe nothing"
    consumer.refusal = None
    running.turn()
    assert consumer.commits == []
