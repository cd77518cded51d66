"""The loop of the service: take in, publish, store, commit."""

from concurrent.futures import Future

from chassis import metrics
from chassis.bus import Record
from chassis.clock import Clock
from chassis.health import Health
from chassis.kafka import Publisher
from chassis.logs import get_logger
from chassis.shutdown import StopSignal
from chassis.tracing import batch_span, traceparent
from contracts import topics
from valuation.adapters.closes import CloseWatch
from valuation.adapters.lease import Lease
from valuation.adapters.live import LiveRounds
from valuation.adapters.official import OfficialRuns
from valuation.adapters.reader import Reader
from valuation.adapters.splits import SplitWatch
from valuation.adapters.store import Checkpoint, Moves, Store
from valuation.core.progress import Progress
from valuation.core.state import State
from valuation.handlers import BadRecord, Fact, handle

IDLE_S = 0.05
BUSY_S = 0.002
COMMIT_EVERY_S = 0.2
LAG_EVERY_S = 5.0
log = get_logger(__name__)


class ValuationLoop:
    """One turn after the other until stopped.

    An exception ends the process: a restart goes on from the checkpoint.
    """

    def __init__(
        self,
        state: State,
        progress: Progress,
        reader: Reader,
        publisher: Publisher,
        store: Store,
        lease: Lease,
        live: LiveRounds,
        official: OfficialRuns,
        splits: SplitWatch,
        closes: CloseWatch,
        clock: Clock,
        *,
        checkpoint_s: float,
    ) -> None:
        self._state = state
        self._progress = progress
        self._reader = reader
        self._publisher = publisher
        self._store = store
        self._lease = lease
        self._live = live
        self._official = official
        self._splits = splits
        self._closes = closes
        self._clock = clock
        self._checkpoint_s = checkpoint_s
        self._saving: tuple[Future[None], Moves] | None = None
        self._saved_at = self._committed_at = self._measured_at = clock.monotonic()

    def run(self, stop: StopSignal, health: Health) -> None:
        """Turn until stopped, then finish what is begun."""
        while not stop.is_set():
            self.turn()
            health.beat()
        self.finish()

    def turn(self) -> None:
        """One poll and what follows from it."""
        wait_s = self._live.wait_s()
        longest_s = BUSY_S if self._official.is_running else IDLE_S
        records, ends = self._reader.poll(
            longest_s if wait_s is None else min(wait_s, longest_s), gather=wait_s is not None
        )
        self._lease.confirm()
        self._take(records)
        for place, offset in ends.items():
            self._progress.take(place, offset)
        if self._splits.step():
            self._official.note((), changed=True)
        self._closes.step()
        self._live.step()
        self._official.step()
        self._progress.settled |= {
            place: offset for place, offset in self._progress.read.items() if place[0] == topics.TICKS.name
        }
        self._publisher.poll(0)
        self._live.collect()
        self._save()
        self._commit()
        self._measure()

    def finish(self) -> None:
        """Wait for acknowledgements, store and commit; what is not begun is left to the next start."""
        self._live.drain()
        self._await_saving()
        self._begin_saving()
        self._await_saving()
        self._commit(now=True)

    def _take(self, records: list[Record]) -> None:
        if not records:
            return
        facts: list[Fact] = []
        due_before = self._state.agenda.changes
        with batch_span("take in", records), metrics.STAGE_SECONDS.labels(stage="handle").time():
            source = traceparent()
            for record in records:
                try:
                    if (fact := handle(self._state, record)) is not None:
                        facts.append(fact)
                except BadRecord as error:
                    metrics.INVALID_RECORDS.labels(topic=record.topic).inc()
                    log.error("record not taken in", error=str(error))
                self._progress.take((record.topic, record.partition), record.offset + 1)
        self._live.follow(source)
        self._official.note(facts, changed=self._state.agenda.changes != due_before, source=source)

    def _save(self) -> None:
        if self._saving is not None and self._saving[0].done():
            self._await_saving()
        if self._saving is None and self._clock.monotonic() - self._saved_at >= self._checkpoint_s:
            self._saved_at = self._clock.monotonic()
            self._begin_saving()

    def _begin_saving(self) -> None:
        moves = self._progress.moves()
        if not moves and not self._state.changed_prices and not self._live.has_unstored:
            return
        checkpoint = Checkpoint(
            moves,
            self._official.take_settled_facts(),
            self._state.take_changed_prices(),
            self._live.take_unstored(),
        )
        self._saving = (self._store.save(checkpoint), moves)

    def _await_saving(self) -> None:
        """Note what is stored; raises what the write raised, such as Fenced."""
        if self._saving is not None:
            future, moves = self._saving
            future.result()
            self._saving = None
            self._progress.stored |= {place: new for place, (_, new) in moves.items()}

    def _commit(self, *, now: bool = False) -> None:
        if not now and self._clock.monotonic() - self._committed_at < COMMIT_EVERY_S:
            return
        self._committed_at = self._clock.monotonic()
        offsets = self._progress.to_commit()
        if offsets and self._reader.commit(offsets, self._state.market_time_us):
            self._progress.committed |= offsets

    def _measure(self) -> None:
        if self._clock.monotonic() - self._measured_at < LAG_EVERY_S:
            return
        self._measured_at = self._clock.monotonic()
        self._reader.measure_lag(self._progress.read)
        metrics.LIVE_PRICES.set(len(self._state.prices))
        if self._state.market_time_us is not None:
            metrics.WATERMARK_SECONDS.labels(stage="valuation").set(self._state.market_time_us / 1e6)
