"""Lag in seconds, from nothing but end offsets and commits."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import generate_latest

from api_gateway.adapters.kafka import BrokerSilent
from api_gateway.adapters.lag_watch import is_ours, measure
from api_gateway.adapters.progress import Progress
from api_gateway.core.lag import SAMPLES_MAX, GroupLag, LagClock
from api_gateway.core.pipeline import Commit, Offsets
from chassis.clock import SystemClock


def offsets(ends: Mapping[int, int], done: Mapping[int, int], begin: int = 0) -> Offsets:
    return Offsets(
        {("t", partition): (begin, end) for partition, end in ends.items()},
        {"g": {("t", partition): Commit(offset, "") for partition, offset in done.items()}},
    )


def lags(*readings: tuple[float, Offsets]) -> list[GroupLag]:
    clock = LagClock()
    return [clock.read(found, now_s)["g", "t"] for now_s, found in readings]


def test_a_group_at_the_end_is_not_behind() -> None:
    assert lags((0, offsets({0: 5}, {0: 5}))) == [GroupLag(0, 0.0)]


def test_the_age_is_that_of_the_oldest_record_not_finished() -> None:
    found = lags(
        (0, offsets({0: 10}, {0: 10})),
        (5, offsets({0: 20}, {0: 10})),  # records 10 to 19 come
        (10, offsets({0: 30}, {0: 10})),  # and 20 to 29
        (15, offsets({0: 30}, {0: 25})),  # only the later ones are left
        (20, offsets({0: 30}, {0: 30})),
    )
    assert found == [GroupLag(0, 0), GroupLag(10, 0), GroupLag(20, 5), GroupLag(5, 5), GroupLag(0, 0)]


def test_the_worst_partition_tells_the_age_and_records_add_up() -> None:
    found = lags(
        (0, offsets({0: 10, 1: 10}, {0: 10, 1: 10})),
        (5, offsets({0: 11, 1: 10}, {0: 10, 1: 10})),
        (9, offsets({0: 11, 1: 14}, {0: 10, 1: 10})),
    )
    assert found[-1] == GroupLag(5, 4.0)


def test_a_partition_without_commit_counts_from_its_beginning() -> None:
    assert lags((0, offsets({0: 10, 1: 7}, {0: 10}, begin=3)))[0].records == 4


def test_what_retention_deleted_is_not_waited_for() -> None:
    assert lags((0, offsets({0: 10}, {0: 2}, begin=8)))[0].records == 2


def test_a_topic_made_anew_starts_again() -> None:
    found = lags((0, offsets({0: 100}, {0: 100})), (5, offsets({0: 3}, {0: 0})), (8, offsets({0: 3}, {0: 0})))
    assert found[1:] == [GroupLag(3, 0.0), GroupLag(3, 3.0)]


def test_memory_is_bounded_and_the_age_stays_right() -> None:
    clock, steps = LagClock(), 5 * SAMPLES_MAX
    for step in range(1, steps + 1):
        found = clock.read(offsets({0: step}, {0: 0}), float(step))
    assert found["g", "t"].seconds == pytest.approx(steps - 1, rel=0.01)
    assert len(clock._ends["t", 0].ends) <= SAMPLES_MAX


@pytest.mark.parametrize(
    ("group", "ours"),
    [("risk", True), ("bar-aggregator.bronze", True), ("api-gateway.reference", True), ("console-1", False)],
)
def test_only_our_groups_become_labels(group: str, ours: bool) -> None:
    assert is_ours(group) is ours


class Broker(Progress):
    """Answers with one reading, or not at all."""

    def __init__(self, answer: Offsets | Exception) -> None:
        self.answer = answer
        super().__init__("nobody:9", [], SystemClock())

    async def _ask(self) -> Offsets:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def gauges() -> list[str]:
    lines = generate_latest().decode().splitlines()
    return [line for line in lines if line.startswith("tapeline_group_lag_")]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    nothing = cast(Any, lambda _: None)
    monkeypatch.setattr("api_gateway.adapters.progress.admin_for", nothing)
    monkeypatch.setattr("api_gateway.adapters.progress.consumer_for", nothing)
    monkeypatch.setattr("api_gateway.adapters.progress.FRESH_S", -1.0)
    return Broker(Offsets({("t", 0): (0, 9)}, {"risk": {("t", 0): Commit(4, "")}}))


@pytest.mark.parametrize("silence", [KafkaConnectionError("gone"), ConnectionError("gone"), TimeoutError()])
async def test_a_broker_that_is_away_leaves_no_gauge_that_looks_good(
    broker: Broker, silence: Exception
) -> None:
    """The alert is on their absence: gauges kept at their last value say that everything is fresh."""
    await measure(broker)
    assert 'tapeline_group_lag_records{group="risk",topic="t"} 5.0' in gauges()
    broker.answer = silence
    await measure(broker)
    assert gauges() == []
    with pytest.raises(BrokerSilent, match="does not answer"):
        await broker.offsets()


async def test_a_reading_says_how_long_each_group_is_behind(broker: Broker) -> None:
    found = await broker.offsets()
    assert found.lag_seconds.keys() == {("risk", "t")}
