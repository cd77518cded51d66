"""What runs beside the answers outlives what it watches, and never dies unseen."""

import asyncio
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from api_gateway.adapters import challenger_watch, live
from api_gateway.core.view import View
from chassis import metrics
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import topics

PLACE = TopicPartition(topics.RISK.name, 0)


class Database:
    """Answers each question with the next of these."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def fetch(self, _: str) -> Any:
        if not self.answers:
            raise asyncio.CancelledError
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
        asyncpg.UndefinedColumnError("column does not exist"),
        asyncpg.ConnectionDoesNotExistError("connection was closed"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_is_being_migrated_does_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(challenger_watch, "EVERY_S", 0)
    pool = Database(error, [{"measure": "var", "ratio": 0.25}])
    with pytest.raises(asyncio.CancelledError):
        await challenger_watch.watch_challenger(cast("asyncpg.Pool", pool))
    assert metrics.CHALLENGER_DIVERGENCE_RATIO.labels(measure="var")._value.get() == 0.25


class Consumer:
    """A consumer whose positions come from a list: an error is raised, None ends all reading."""

    def __init__(self, *positions: Any) -> None:
        self.positions = list(positions)
        self.committed: list[int] = []
        self.stopped = False

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self.stopped = True

    def assign(self, _: Any) -> None: ...

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}

    async def seek_to_beginning(self, *_: Any) -> None: ...

    async def end_offsets(self, _: Any) -> dict[TopicPartition, int]:
        return {}

    async def getmany(self, **_: Any) -> dict[Any, Any]:
        await asyncio.sleep(0)
        return {}

    async def position(self, _: TopicPartition) -> int:
        answer = self.positions.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed += offsets.values()


def reader_of(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> live.LiveReader:
    async def partitions(*_: Any) -> list[TopicPartition]:
        return [PLACE]

    monkeypatch.setattr(live, "COMMIT_EVERY_S", 0)
    monkeypatch.setattr(live, "consumer_for", lambda *_: consumer)
    monkeypatch.setattr(live, "partitions_of", partitions)
    reader = live.LiveReader("", "live", "g", [PLACE.topic], View(), Health("live"), FixedClock(0))
    reader._uncommitted = True
    return reader


async def test_a_position_that_is_not_known_is_committed_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer(KafkaTimeoutError(), 7)
    running = asyncio.create_task(reader_of(consumer, monkeypatch).run())
    async with asyncio.timeout(10):
        while not consumer.committed:
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (consumer.committed, consumer.stopped) == ([7], True)


async def test_a_reader_that_can_no_longer_tell_how_far_it_is_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a lag that grows for ever while the answers are fresh."""
    consumer = Consumer(RuntimeError("a bug"))
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError, match="a bug"):
            await reader_of(consumer, monkeypatch).run()
    assert consumer.stopped
