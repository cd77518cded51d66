"""Official values: gathered until the bars are quiet, then valued, published and stored in small pieces.

First Kafka, then PostgreSQL, then the offsets of the bars: a crash in between repeats work, and a repeat
finds the same content or publishes the same revision again.
"""

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from chassis import metrics
from chassis.clock import Clock
from chassis.kafka import Publisher
from chassis.logs import get_logger
from chassis.tracing import batch_span, note
from contracts import Valuation
from contracts.codec import encode
from valuation.adapters.lease import Lease
from valuation.adapters.live import output_of
from valuation.adapters.store import OfficialBatch, Store
from valuation.core.bars import close_of
from valuation.core.official import Due, Stored, revise
from valuation.core.progress import Offsets, Progress
from valuation.core.state import State
from valuation.handlers import Fact

T = TypeVar("T")
Steps = Generator[bool, None, T]
"""Work in steps: each yield tells whether there is more to do at once (True) or something to wait for
(False).
"""

BATCH_LINES = 1000
SLICE_S = 0.01
log = get_logger(__name__)


class OfficialRuns:
    """From final bars and reference changes to stored official values.

    What is read on topics other than ticks counts as settled only when no official value is due because of
    it: after a crash it is read again and the value is made.
    """

    def __init__(
        self,
        state: State,
        progress: Progress,
        publisher: Publisher,
        lease: Lease,
        store: Store,
        clock: Clock,
        *,
        quiet_s: float,
        wait_max_s: float,
        history_us: int,
    ) -> None:
        self._state = state
        self._progress = progress
        self._publisher = publisher
        self._lease = lease
        self._store = store
        self._clock = clock
        self._quiet_s = quiet_s
        self._wait_max_s = wait_max_s
        self._history_us = history_us
        self._run: Steps[None] | None = None
        self._facts: list[Fact] = []
        self._settled_facts: list[Fact] = []
        self._run_offsets: Offsets = {}
        self._run_facts = 0
        self._sources: list[bytes] = []
        self._run_sources: list[bytes] = []
        self._due_since: float | None = None
        self._changed_at = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether official values are due or being made."""
        return self._run is not None or bool(self._state.agenda) or bool(self._state.too_old)

    @property
    def is_running(self) -> bool:
        """Whether official values are being made right now."""
        return self._run is not None

    def note(self, facts: Sequence[Fact], changed: bool, source: bytes | None = None) -> None:
        """Records were handled: facts to store, whether official values became due, the span of the batch."""
        self._facts.extend(facts)
        if changed:
            self._sources += [] if source is None else [source]
            self._changed_at = self._clock.monotonic()
            if self._due_since is None:
                self._due_since = self._changed_at

    def step(self) -> None:
        """Go on for a slice of time."""
        if not self.is_waiting:
            self._settle(dict(self._progress.read), len(self._facts))
        elif self._run is None and self._is_time():
            self._begin()
        if self._run is not None:
            self._slice(self._run)

    def take_settled_facts(self) -> list[Fact]:
        """Facts that may be stored now."""
        facts, self._settled_facts = self._settled_facts, []
        return facts

    def _is_time(self) -> bool:
        now = self._clock.monotonic()
        waited = now - (self._due_since if self._due_since is not None else now)
        return now - self._changed_at >= self._quiet_s or waited >= self._wait_max_s

    def _begin(self) -> None:
        self._remember_older_bars()
        self._run_offsets, self._run_facts = dict(self._progress.read), len(self._facts)
        self._run_sources, self._sources = self._sources, []
        self._due_since = None
        self._run = self._value_all(self._state.agenda.take())

    def _slice(self, run: Steps[None]) -> None:
        until = self._clock.monotonic() + SLICE_S
        try:
            while next(run) and self._clock.monotonic() < until:
                pass
        except StopIteration:
            self._run = None
            self._settle(self._run_offsets, self._run_facts)
            self._state.closes.cut(self._state.closes.last_end_us - self._history_us)

    def _settle(self, offsets: Offsets, facts: int) -> None:
        self._progress.settled |= offsets
        self._settled_facts.extend(self._facts[:facts])
        del self._facts[:facts]

    def _remember_older_bars(self) -> None:
        """A bar from before what is in memory needs its neighbours: load them and take it again."""
        if not self._state.too_old:
            return
        bars, self._state.too_old = self._state.too_old, []
        since_us = min(close_of(bar).window_end_us for bar in bars)
        log.info("loading older bars", count=len(bars))
        for close in self._store.closes_since(since_us):
            self._state.closes.put(close)
        self._state.closes.reopen(since_us)
        for bar in bars:
            self._state.take_bar(bar)

    def _value_all(self, due: list[Due]) -> Steps[None]:
        rest = iter(due)
        while True:
            batch, lines = list[tuple[Due, Valuation]](), 0
            for one in rest:
                value = self._state.value_official(one, self._clock.now())
                if value is not None:
                    batch.append((one, value))
                    lines += len(value.positions) + 1
                yield True
                if lines >= BATCH_LINES:
                    break
            if not batch:
                return
            yield from self._finish(batch)

    def _finish(self, batch: list[tuple[Due, Valuation]]) -> Steps[None]:
        """Publish and store what differs from the stored values."""
        stored = yield from _result(self._store.find_stored([due for due, _ in batch]))
        news: list[tuple[Due, Valuation, Stored | None]] = []
        for due, value in batch:
            was = stored.get((due.portfolio_id, due.window_end_us))
            revised = revise(value, was)
            if revised is not None:
                news.append((due, revised, was))
        if not news:
            return
        with batch_span("official values", sources=self._run_sources):
            note({"tapeline.portfolio_values": len(news)})
            outputs = [output_of(value, encode(value)) for _, value, _ in news]
            self._lease.confirm()
            delivery = self._publisher.send_all(outputs)
        while not delivery.done():
            yield False
        yield from _result(self._store.save_official(OfficialBatch(news)))
        # The topic keeps the last message per portfolio: a live value must follow an official one.
        self._state.mark_dirty(due.portfolio_id for due, _, _ in news)
        metrics.VALUATIONS_PUBLISHED.labels(basis="bar").inc(len(news))
        restated = sum(was is not None for _, _, was in news)
        metrics.RESTATEMENTS.labels(entity="portfolio_valuation").inc(restated)
        log.info("official values", made=len(news), restated=restated, unchanged=len(batch) - len(news))


def _result(future: "Future[T]") -> Steps[T]:
    """Wait for a future step by step."""
    while not future.done():
        yield False
    return future.result()
