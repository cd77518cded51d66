"""The decision about every raw event: accept, duplicate or reject, and what to send because of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from chassis.bus import Output, Record
from chassis.clock import Clock
from chassis.dead_letter import dead_letter
from contracts import RejectReason, topics
from contracts.codec import rejected_from_headers
from tick_ingestor.core.counts import PartitionCounts
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.letters import within_limit
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.core.rejection import Rejection

SERVICE = "tick-ingestor"
# The contract's own codec also looks for decimals in exponent form. A tick holds none, and this path is hot.
_encode = msgspec.json.Encoder().encode
# Partition, offset, timestamp of a raw event; the last tells a re-created topic from its namesake.
Event = tuple[int, int, int]


class PublishedTick(msgspec.Struct, gc=False):
    """What recovery needs of a tick."""

    tick_id: str
    raw_partition: int
    raw_offset: int


_decode_published = msgspec.json.Decoder(PublishedTick).decode


class Decisions(NamedTuple):
    """What one batch leads to. Dead letters must be acknowledged before the ticks are sent, see README."""

    dead_letters: list[Output]
    ticks: list[Output]


class Ingestor:
    """All state of the service: counts and dead letters per raw partition, recent ids, rules.

    Everything but the clock is rebuilt on start by `adapters.recovery`, so that raw events which are read
    again after a crash get the decision they had before.
    """

    def __init__(self, normaliser: Normaliser, recent: RecentIds, clock: Clock) -> None:
        self._normaliser = normaliser
        self._recent = recent
        self._clock = clock
        self.counts: dict[int, PartitionCounts] = {}
        self._committed: dict[int, int] = {}
        # Raw events at or after the committed offset that have a dead letter already.
        self._lettered: dict[Event, RejectReason] = {}
        self._new_letters: Counter[RejectReason] = Counter()

    def take_over(self, partition: int, committed: int, metadata: str) -> None:
        """Begin with a raw partition at its committed offset, with the counts committed there."""
        self.counts[partition] = PartitionCounts.from_text(metadata)
        self._committed[partition] = committed

    def give_up(self, partitions: Iterable[int]) -> None:
        """Another instance goes on with these raw partitions."""
        for partition in partitions:
            self.counts.pop(partition, None)
            self._committed.pop(partition, None)

    def restore_tick(self, record: Record) -> None:
        """Note a tick that is on its topic already."""
        tick = _decode_published(record.value or b"")
        self._recent.see(tick.tick_id, tick.raw_partition, tick.raw_offset)

    def restore_letter(self, record: Record) -> bool:
        """Note a dead letter that is on its topic already; tells whether its event will be read again."""
        letter = rejected_from_headers(record.headers or [])
        pending = letter.offset >= self._committed.get(letter.partition, letter.offset + 1)
        if pending:
            event = letter.partition, letter.offset, letter.timestamp_us
            self._lettered[event] = letter.reason
        return pending

    def take_new_letters(self) -> Counter[RejectReason]:
        """Dead letters by reason since the last call."""
        letters, self._new_letters = self._new_letters, Counter()
        return letters

    def handle(self, records: Sequence[Record]) -> Decisions:
        """Decide on a batch of raw events, in the order in which they were read."""
        ts_ingest_us = self._clock.now_us()
        normalise, see = self._normaliser.tick, self._recent.see
        topic = topics.TICKS.name
        decisions = Decisions([], [])
        send = decisions.ticks.append
        for record in records:
            partition, offset = record.partition, record.offset
            counts = self.counts[partition]
            counts.received += 1
            if self._lettered:
                reason = self._lettered.pop((partition, offset, record.timestamp_us), None)
                if reason is not None:
                    counts.rejected[reason] += 1
                    continue
            tick = normalise(record.value, ts_ingest_us, partition, offset)
            if isinstance(tick, Rejection):
                counts.rejected[tick.reason] += 1
                decisions.dead_letters.append(self._letter(record, tick, ts_ingest_us))
                continue
            seen = see(tick.tick_id, partition, offset)
            if seen == "duplicate":
                counts.duplicate += 1
                continue
            counts.accepted += 1
            if seen == "new":
                send(Output(topic, _encode(tick), tick.symbol.encode()))
        return decisions

    def metadata(self, topic: str, partition: int) -> str:
        """What is committed with the offset of a raw partition: its counts up to that offset."""
        counts = self.counts[partition]
        counts.check()
        return counts.to_text()

    def _letter(self, record: Record, rejection: Rejection, failed_at_us: int) -> Output:
        self._new_letters[rejection.reason] += 1
        original, cut = within_limit(record)
        fields = {
            "reason": rejection.reason,
            "message": rejection.message,
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "timestamp_us": str(record.timestamp_us),
            "service": SERVICE,
            "failed_at_us": str(failed_at_us),
        }
        return dead_letter(topics.TICKS_REJECTED.name, original, fields | cut)
