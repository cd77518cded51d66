"""The asynchronous part of the service: turns of valuations, and changes of history."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from time import perf_counter

import msgspec

from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock, to_us
from chassis.logs import get_logger
from chassis.tracing import batch_span, note
from contracts import LimitEvent, RiskReport, Valuation, topics
from contracts.codec import decoder
from measuring.adapters.history import HistoryStore
from measuring.adapters.metrics import MetricStore
from risk.adapters.limit_store import LimitStore
from risk.handlers import RiskHandler, to_outputs

log = get_logger(__name__)

# The event loop also answers the broker's heartbeats: it gets its turn after so many valuations.
CHUNK = 50
STAGE = "risk"
Publish = Callable[[list[Output]], Awaitable[None]]


class RiskWorker:
    """Computes, publishes and stores, one turn at a time."""

    def __init__(
        self,
        handler: RiskHandler,
        history: HistoryStore,
        store: MetricStore,
        limits: LimitStore,
        publish: Publish,
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._history = history
        self._store = store
        self._limits = limits
        self._publish = publish
        self._clock = clock
        self._turn = asyncio.Lock()
        self._as_of: dict[str, datetime] = {}
        # An alert on the first invalid record must have seen the zero before it.
        metrics.INVALID_RECORDS.labels(topic=topics.VALUATIONS.name)

    async def compute(self, values: Sequence[bytes]) -> None:
        """Reports of these encoded valuations are on Kafka and in PostgreSQL when this returns."""
        valuations: list[Valuation] = []
        for value in values:
            try:
                valuations.append(decoder(Valuation).decode(value))
            except msgspec.DecodeError as error:
                metrics.INVALID_RECORDS.labels(topic=topics.VALUATIONS.name).inc()
                log.error("valuation does not fit the contract, left out", error=str(error))
        async with self._turn:
            # All at once, so that a live value is not known only after a backlog of official ones.
            for valuation in valuations:
                self._handler.state.remember(valuation)
            await self._report(valuations, new=True)

    async def follow_history(self, poll_s: float) -> None:
        """Report all portfolios at the start and whenever daily history has changed; never returns."""
        while True:
            async with self._turn:
                valuations = self._handler.state.newest()
                with batch_span("new history"):
                    note({"tapeline.portfolio_values": len(valuations)})
                    await self._report(valuations, new=False)
            while await self._history.version() == self._handler.state.history_version:
                await asyncio.sleep(poll_s)
            started = perf_counter()
            history = await self._history.load()
            self._handler.state.replace_history(history)
            log.info(
                "daily history taken in", version=history.version, seconds=round(perf_counter() - started, 3)
            )

    async def follow_limits(self, poll_s: float) -> None:
        """Judge by new definitions, raises and deeds as soon as they are stored; never returns."""
        while True:
            await asyncio.sleep(poll_s)
            self._measure_limits()
            if await self._limits.version() == self._handler.state.limits.books.version:
                continue
            books = await self._limits.load()
            async with self._turn:
                effects = self._handler.take_limits(books, self._clock.now())
                await self._limits.record(effects.limit_events)
                await self._publish(effects.outputs())
            self._count(effects.limit_events)
            log.info("limits taken in", limits=len(books.definitions), events=len(effects.limit_events))

    async def publish_missing(self, missing: Sequence[LimitEvent]) -> None:
        """Publish recorded events that did not reach the topic before the last stop."""
        await self._publish(to_outputs(missing))
        if missing:
            log.warning("limit events published after a stop", events=len(missing))

    async def finish_turn(self, timeout_s: float = 1.0) -> None:
        """Let the turn in progress end; what is not acknowledged is computed again after a restart."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._turn.acquire(), timeout_s)

    async def _report(self, valuations: Sequence[Valuation], *, new: bool) -> None:
        for start in range(0, len(valuations), CHUNK):
            with metrics.STAGE_SECONDS.labels(stage=STAGE).time():
                effects = self._handler.handle(valuations[start : start + CHUNK], self._clock.now())
                await self._limits.record(effects.limit_events)
                # Stored first: a process that was replaced is told so there, before it publishes old numbers.
                await self._store.append(effects.stored)
                await self._publish(effects.outputs())
            self._count(effects.limit_events)
            self._measure(effects.reports)
            if new:  # a report that new history is the reason of says nothing about the way of its tick
                self._measure_lag(effects.reports)
            await asyncio.sleep(0)

    def _count(self, events: Sequence[LimitEvent]) -> None:
        for event in events:
            metrics.LIMIT_EVENTS.labels(kind=event.kind, state=event.state).inc()

    def _measure(self, reports: Sequence[RiskReport]) -> None:
        for report in reports:
            metrics.RISK_REPORTS.labels(basis=report.basis).inc()
            if report.basis == "last":
                self._as_of[report.portfolio_id] = report.as_of
        if self._as_of:
            newest, oldest = max(self._as_of.values()), min(self._as_of.values())
            metrics.WATERMARK_SECONDS.labels(stage=STAGE).set(to_us(newest) / 1e6)
            metrics.RISK_AGE_SECONDS.set((newest - oldest).total_seconds())

    def _measure_lag(self, reports: Sequence[RiskReport]) -> None:
        now_us, lag_s = self._clock.now_us(), metrics.EVENT_LAG_SECONDS.labels(stage=STAGE)
        for report in reports:
            if report.source_ts_us is not None:
                lag_s.observe(max(0.0, (now_us - report.source_ts_us) / 1e6))

    def _measure_limits(self) -> None:
        limits = self._handler.state.limits
        for state, number in limits.count_by_state().items():
            metrics.LIMITS.labels(state=state).set(number)
        metrics.LIMIT_BREACH_AGE_SECONDS.set(limits.oldest_breach_age_s())
