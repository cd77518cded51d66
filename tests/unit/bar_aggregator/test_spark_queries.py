"""What the watch over the queries does about each kind of failure."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from pyspark.errors import PySparkException
from pyspark.sql.streaming.query import StreamingQuery

from bar_aggregator.adapters.spark_queries import BACK_OFF_S, QueryFailed, WatchedQueries
from chassis.clock import FixedClock
from chassis.health import Health
from jobs.lost_ticks import TicksLost

NAME = "bronze"


class Running:
    isActive = True


def watched(start: Callable[[], Any], clock: FixedClock, health: Health) -> WatchedQueries:
    return WatchedQueries({NAME: lambda: cast("StreamingQuery", start())}, health, clock, failures_max=3)


def fails(error: Exception) -> Callable[[], Any]:
    def start() -> Any:
        raise error

    return start


def test_a_query_that_fails_again_and_again_ends_the_process() -> None:
    clock, health = FixedClock(0), Health(NAME)
    queries = watched(fails(PySparkException("no luck")), clock, health)
    for _ in range(2):
        queries.watch()
        clock.advance_s(BACK_OFF_S[-1])
    with pytest.raises(QueryFailed, match="3 times in a row: no luck"):
        queries.watch()


def test_lost_ticks_wait_for_a_decision_and_the_process_goes_on() -> None:
    """Its live path still makes bars, and readiness tells what is to be decided."""
    clock, health, answers = FixedClock(0), Health(NAME), [TicksLost({0: range(3, 5)}, "SETTING")] * 10
    queries = watched(lambda: fails(answers.pop())() if answers else Running(), clock, health)
    for _ in range(10):
        queries.watch()
        clock.advance_s(BACK_OFF_S[-1])
    assert "2 ticks lost" in health.missing()[NAME]
    queries.watch()
    assert health.missing() == {}
