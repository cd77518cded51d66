"""Live values: rounds over the portfolios that changed, each published at most once per round.

A round takes everything that is dirty when it begins. What does not fit into one slice of time is done in the
next, so that taking in prices never waits long; the next round then simply begins later. So the rate of
values adapts to what the machine can do, every changed portfolio gets its turn, and a value is always the
newest at the moment it is made.
"""

from collections import deque

from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock
from chassis.kafka import Delivery, Publisher
from chassis.tracing import batch_span, note
from contracts import Coverage, Valuation, topics
from contracts.codec import encode
from valuation.adapters.lease import Lease
from valuation.core.moments import to_us
from valuation.core.progress import Offsets, Progress
from valuation.core.state import State

SLICE_S = 0.02
STORED_BYTES_MAX = 4_000_000
"""Live values written in one checkpoint; the others wait for the next, the longest waiting first."""


class LiveRounds:
    """Publishes the live values of dirty portfolios and tells the progress what is published."""

    def __init__(
        self,
        state: State,
        progress: Progress,
        publisher: Publisher,
        lease: Lease,
        clock: Clock,
        conflate_s: float,
    ) -> None:
        self._state = state
        self._progress = progress
        self._publisher = publisher
        self._lease = lease
        self._clock = clock
        self._conflate_s = conflate_s
        self._epoch = clock.now_us()
        self._made = 0
        self._queue: deque[str] = deque()
        self._begun_at = float("-inf")
        self._round_offsets: Offsets = {}
        self._deliveries: list[Delivery] = []
        self._in_flight: deque[tuple[list[Delivery], Offsets]] = deque()
        self._unstored: dict[str, tuple[Valuation, bytes]] = {}
        self._coverage: dict[str, Coverage] = {}
        self._sources: list[bytes] = []
        self._round_sources: list[bytes] = []

    def follow(self, source: bytes | None) -> None:
        """The next round values what this traced batch brought; None is one that is not traced."""
        if source is not None:
            self._sources.append(source)

    def wait_s(self) -> float | None:
        """Seconds until there is something to do; None when nothing is dirty."""
        if self._queue:
            return 0.0
        if not self._state.is_dirty:
            return None
        return max(0.0, self._begun_at + self._conflate_s - self._clock.monotonic())

    def step(self) -> None:
        """Begin a round when one is due, go on with it for a slice of time."""
        if not self._queue and self.wait_s() in (0.0, None):
            self._begin()
        if self._queue:
            with (
                batch_span("live values", sources=self._round_sources),
                metrics.STAGE_SECONDS.labels(stage="live").time(),
            ):
                self._slice()
            if not self._queue:
                self._end()

    def collect(self) -> None:
        """Note what the broker has acknowledged, in order."""
        while self._in_flight and all(delivery.done() for delivery in self._in_flight[0][0]):
            _, offsets = self._in_flight.popleft()
            self._progress.published |= offsets

    def drain(self) -> None:
        """Wait for every acknowledgement."""
        for deliveries, _ in self._in_flight:
            for delivery in deliveries:
                self._publisher.wait(delivery)
        self.collect()

    def take_unstored(self) -> list[tuple[Valuation, bytes]]:
        """Newest values that are not in PostgreSQL yet, as many as one checkpoint should hold."""
        taken: list[tuple[Valuation, bytes]] = []
        size = 0
        while self._unstored and size < STORED_BYTES_MAX:
            first = next(iter(self._unstored))
            taken.append(self._unstored.pop(first))
            size += len(taken[-1][1])
        return taken

    @property
    def has_unstored(self) -> bool:
        return bool(self._unstored)

    def _begin(self) -> None:
        self._round_offsets = dict(self._progress.read)
        self._round_sources, self._sources = self._sources, []
        self._begun_at = self._clock.monotonic() if self._state.is_dirty else self._begun_at
        self._queue.extend(self._state.take_dirty())
        if not self._queue and self._round_offsets != self._progress.published:
            self._end()

    def _slice(self) -> None:
        until = self._clock.monotonic() + SLICE_S
        outputs: list[Output] = []
        while self._queue:
            outputs.extend(self._value(self._queue.popleft()))
            if self._clock.monotonic() >= until:
                break
        self._lease.confirm()
        note({"tapeline.portfolio_values": len(outputs)})
        self._deliveries.append(self._publisher.send_all(outputs))

    def _end(self) -> None:
        self._in_flight.append((self._deliveries, self._round_offsets))
        self._deliveries = []
        coverages = self._coverage.values()
        metrics.POSITIONS.set(sum(one.positions for one in coverages))
        metrics.UNPRICED_POSITIONS.set(sum(one.unpriced for one in coverages))
        metrics.STALE_POSITIONS.set(sum(one.stale for one in coverages))

    def _value(self, portfolio_id: str) -> list[Output]:
        now = self._clock.now()
        self._made += 1
        valuation = self._state.value_live(portfolio_id, f"{self._epoch}-{self._made}", now)
        if valuation is None:
            return []
        payload = encode(valuation)
        self._unstored[portfolio_id] = (valuation, payload)
        self._coverage[portfolio_id] = valuation.coverage
        metrics.VALUATIONS_PUBLISHED.labels(basis="last").inc()
        if valuation.source_ts_us is not None:
            lag_s = (to_us(now) - valuation.source_ts_us) / 1e6
            metrics.EVENT_LAG_SECONDS.labels(stage="valuation").observe(lag_s)
        return [output_of(valuation, payload)]


def output_of(valuation: Valuation, payload: bytes) -> Output:
    """The message of a value, keyed by portfolio."""
    return Output(topics.VALUATIONS.name, payload, topics.VALUATIONS.key_of(valuation))
