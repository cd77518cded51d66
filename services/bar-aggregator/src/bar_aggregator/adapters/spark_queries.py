"""The streaming queries into Bronze: started, watched, started again."""

from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import KafkaException
from pyspark.errors import PySparkException
from pyspark.sql.streaming.query import StreamingQuery

from chassis.clock import Clock
from chassis.health import Health
from chassis.logs import get_logger
from jobs.lost_ticks import TicksLost

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 300.0
log = get_logger(__name__)


class QueryFailed(RuntimeError):
    """A streaming query failed again and again."""


@dataclass
class _State:
    query: StreamingQuery | None = None
    failures: int = 0
    started_at: float = 0.0
    start_at: float = 0.0


class WatchedQueries:
    """Named queries that run until stopped. A checkpoint makes it safe to start one again."""

    def __init__(
        self,
        starters: dict[str, Callable[[], StreamingQuery]],
        health: Health,
        clock: Clock,
        failures_max: int,
    ) -> None:
        self._starters = starters
        self._health = health
        self._clock = clock
        self._failures_max = failures_max
        self._states = {name: _State() for name in starters}

    def watch(self) -> None:
        """Start what should run and does not. Raises QueryFailed after too many failures in a row."""
        now = self._clock.monotonic()
        for name, state in self._states.items():
            if state.query is not None and state.query.isActive:
                if now - state.started_at > STEADY_S:
                    state.failures = 0
                continue
            if state.query is not None:
                self._failed(name, state, str(state.query.exception()))
            if now >= state.start_at:
                self._start(name, state)

    def stop(self) -> None:
        """End all queries after their present step."""
        for state in self._states.values():
            if state.query is not None and state.query.isActive:
                state.query.stop()

    def _start(self, name: str, state: _State) -> None:
        try:
            state.query = self._starters[name]()
        except TicksLost as error:
            # Only a person's decision mends it: meanwhile the live path goes on, and readiness tells why.
            self._wait(name, state, BACK_OFF_S[-1], str(error))
            return
        except (PySparkException, KafkaException) as error:
            self._failed(name, state, str(error))
            return
        state.started_at = self._clock.monotonic()
        self._health.ready(name)
        log.info("query_started", query=name)

    def _failed(self, name: str, state: _State, why: str) -> None:
        state.query = None
        state.failures += 1
        pause = BACK_OFF_S[min(state.failures, len(BACK_OFF_S)) - 1]
        self._wait(name, state, pause, why)
        if state.failures >= self._failures_max:
            raise QueryFailed(f"query {name} failed {state.failures} times in a row: {why[:500]}")

    def _wait(self, name: str, state: _State, pause: float, why: str) -> None:
        """Until `watch` starts the query again."""
        state.start_at = self._clock.monotonic() + pause
        self._health.not_ready(name, why[:500])
        log.error("query_failed", query=name, failures=state.failures, again_in_s=pause, error=why[:2000])
