"""The consume-handle-produce loop, written once."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from chassis import metrics
from chassis.bus import Output, Record
from chassis.health import Health
from chassis.kafka import Delivery, Publisher, consume_now, is_final, to_record
from chassis.offsets import Place, try_commit
from chassis.shutdown import StopSignal
from chassis.tracing import batch_span, note

BROKER = "broker"
Handle = Callable[[Sequence[Record]], Iterable[Output]]


class InFlight(NamedTuple):
    """A handled batch whose outputs are on their way."""

    delivery: Delivery
    offsets: dict[Place, int]
    metadata: dict[Place, str]


class BatchLoop:
    """Poll a batch, handle it, publish what comes out, commit once it is acknowledged.

    The consumer is subscribed or assigned by the caller. Up to `max_in_flight` batches may wait for
    acknowledgement while the next is handled; offsets are committed in order, after the acknowledgement and
    at most once per `commit_interval_s`, so that a crash repeats work and never skips it.

    - `commit_metadata(topic, partition)` is asked right after `handle`: it belongs to exactly that offset.
    - `commit_offset(topic, partition, next_offset)` may hold the commit back to an earlier offset.
    - `on_turn()` runs after every poll, also an empty one, and may return outputs of its own (timers).
    - `on_end(topic, partition)` tells that a partition has been read to its end.

    A handler that raises stops the loop: bad input must be an output (a dead letter), so an exception is a
    broken invariant. A broker that is away does not, unless outputs wait too long: progress is committed
    when it is back.
    """

    def __init__(
        self,
        consumer: Consumer,
        publisher: Publisher,
        handle: Handle,
        stop: StopSignal,
        health: Health,
        *,
        batch_size: int = 5000,
        poll_timeout_s: float = 0.05,
        max_in_flight: int = 4,
        commit_interval_s: float = 0.2,
        commit_offset: Callable[[str, int, int], int] = lambda topic, partition, next_offset: next_offset,
        commit_metadata: Callable[[str, int], str] = lambda topic, partition: "",
        on_turn: Callable[[], Iterable[Output]] = tuple,
        on_end: Callable[[str, int], None] = lambda topic, partition: None,
    ) -> None:
        self._consumer = consumer
        self._publisher = publisher
        self._handle = handle
        self._stop = stop
        self._health = health
        self._batch_size = batch_size
        self._poll_timeout_s = poll_timeout_s
        self._max_in_flight = max_in_flight
        self._commit_interval_s = commit_interval_s
        self._commit_offset = commit_offset
        self._commit_metadata = commit_metadata
        self._on_turn = on_turn
        self._on_end = on_end
        self._in_flight: deque[InFlight] = deque()
        self._offsets: dict[Place, int] = {}
        self._metadata: dict[Place, str] = {}
        self._last_commit = time.monotonic()

    def run(self) -> None:
        """Turn until stopped, then finish what is in flight."""
        while not self._stop.is_set():
            self.turn()
        self.drain()

    def turn(self) -> None:
        """One poll with all that follows from it."""
        records = self._poll()
        self._health.beat()
        if records:
            with batch_span(f"process {records[0].topic}", records):
                self._step(records)
        else:
            self._step(records)
        self._publisher.poll(0)
        self._collect_acknowledged()
        if time.monotonic() - self._last_commit >= self._commit_interval_s:
            self._commit()

    def drain(self) -> None:
        """Wait for every acknowledgement and commit; call before partitions are given up."""
        self._settle()
        self._commit()
        self._forget()

    def abandon(self) -> None:
        """Wait for every acknowledgement and commit nothing; call when partitions are lost.

        Who has them next must not meet outputs that are still on their way, nor an offset that is not ours.
        """
        self._settle()
        self._forget()

    def _settle(self) -> None:
        while self._in_flight:
            self._publisher.wait(self._in_flight[0].delivery)
            self._collect_acknowledged()

    def _step(self, records: list[Record]) -> None:
        """Handle the batch and hand over what comes out."""
        with metrics.STAGE_SECONDS.labels(stage="handle").time():
            outputs = [*self._handle(records), *self._on_turn()] if records else list(self._on_turn())
        if records or outputs:
            note({"tapeline.outputs": len(outputs)})
            self._publish(records, outputs)

    def _poll(self) -> list[Record]:
        records: list[Record] = []
        for message in consume_now(self._consumer, self._batch_size, self._poll_timeout_s):
            if message.error() is None:
                records.append(to_record(message))
            else:
                self._on_event(message)
        return records

    def _on_event(self, message: Message) -> None:
        error = message.error()
        assert error is not None
        if error.code() == KafkaError._PARTITION_EOF:
            self._on_end(message.topic() or "", message.partition() or 0)
        elif is_final(error):
            raise KafkaException(error)

    def _publish(self, records: list[Record], outputs: list[Output]) -> None:
        offsets = {(record.topic, record.partition): record.offset + 1 for record in records}
        metadata = {place: self._commit_metadata(*place) for place in offsets}
        bounded = {place: self._commit_offset(*place, offset) for place, offset in offsets.items()}
        self._in_flight.append(InFlight(self._publisher.send_all(outputs), bounded, metadata))

    def _collect_acknowledged(self) -> None:
        """Note the offsets of the batches that are acknowledged, in order; wait when too many are not."""
        if len(self._in_flight) > self._max_in_flight:
            self._publisher.wait(self._in_flight[0].delivery)
        while self._in_flight and self._in_flight[0].delivery.done():
            batch = self._in_flight.popleft()
            self._offsets |= batch.offsets
            self._metadata |= batch.metadata

    def _commit(self) -> None:
        self._last_commit = time.monotonic()
        if not self._offsets:
            return
        if try_commit(self._consumer, self._offsets, self._metadata):
            self._forget()
        else:
            self._health.not_ready(BROKER, "progress cannot be committed")

    def _forget(self) -> None:
        """Nothing waits to be committed any more, so nothing is wrong with the broker for all we know."""
        self._offsets, self._metadata = {}, {}
        self._health.ready(BROKER)
