"""Told of failures only, the publisher still knows what has arrived, and never that more has."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from chassis.bulk import BulkPublisher
from chassis.bus import Output
from chassis.kafka import Publisher, PublishError

Report = Callable[[KafkaError | None, Any], None]


class FakeClient:
    """Reports failures only; messages stay until they are delivered by the test, or by a flush."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.headers: list[Any] = []
        self._waiting: list[Report] = []
        self.room = 10**9

    def produce(  # the signature of the client's own
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        callback: Any = None,
        on_delivery: Any = None,
        headers: Any = None,
    ) -> None:
        if len(self._waiting) >= self.room:
            raise BufferError
        if topic == "forbidden":
            raise KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
        self.sent.append((topic, value, key, partition))
        self.headers.append(headers)
        self._waiting.append(callback or on_delivery)

    def deliver(self, count: int, error: KafkaError | None = None) -> None:
        for report in self._waiting[:count]:
            if error is not None:
                report(error, None)
        del self._waiting[:count]

    def poll(self, timeout_s: float) -> None:
        if timeout_s > 0:
            self.deliver(1)

    def flush(self, timeout_s: float) -> None:
        self.deliver(len(self._waiting))

    def __len__(self) -> int:
        return len(self._waiting)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def publisher(client: FakeClient) -> BulkPublisher:
    return BulkPublisher(client)  # type: ignore[arg-type]


def outputs(*values: bytes) -> list[Output]:
    return [Output("out", value, b"key") for value in values]


def test_a_group_is_done_when_nothing_is_left_to_deliver(
    client: FakeClient, publisher: BulkPublisher
) -> None:
    first = publisher.send_all(outputs(b"1", b"2"))
    second = publisher.send_all(outputs(b"3"))
    assert client.sent == [("out", value, b"key", -1) for value in (b"1", b"2", b"3")]
    client.deliver(2)
    publisher.poll()
    assert not first.done()
    assert not second.done()
    client.deliver(1)
    publisher.poll()
    assert first.done()
    assert second.done()


def test_a_failure_in_the_middle_of_a_group_is_not_lost(client: FakeClient, publisher: BulkPublisher) -> None:
    good = publisher.send_all(outputs(b"1"))
    bad = publisher.send_all(outputs(b"2", b"3", b"4"))
    client.deliver(2)
    client.deliver(1, KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
    client.deliver(1)
    publisher.poll()
    assert good.done()
    with pytest.raises(PublishError, match="refused"):
        bad.done()
    with pytest.raises(PublishError, match="refused"):
        publisher.wait(bad)


def test_waiting_sends_all_that_there_is(client: FakeClient, publisher: BulkPublisher) -> None:
    group = publisher.send_all(outputs(b"1", b"2"))
    publisher.wait(group)
    assert publisher.pending == 0
    publisher.send(Output("out", b"3"))
    publisher.flush()
    assert publisher.pending == 0


def test_headers_partition_and_a_full_queue(client: FakeClient, publisher: BulkPublisher) -> None:
    client.room = 1
    publisher.send_all([Output("out", b"1", b"k", [("h", b"x")], 5), *outputs(b"2")])
    assert client.sent == [("out", b"1", b"k", 5), ("out", b"2", b"key", -1)]
    assert client.headers == [[("h", b"x")], None]


@pytest.mark.parametrize("kind", [Publisher, BulkPublisher])
@pytest.mark.parametrize("headers", [None, [("h", b"x")]])
def test_what_the_client_refuses_at_once_is_told_like_what_the_broker_refuses(
    client: FakeClient, kind: type[Publisher], headers: list[tuple[str, bytes]] | None
) -> None:
    publisher = kind(client)  # type: ignore[arg-type]
    forbidden = Output("forbidden", b"2", b"key", headers)
    delivery = publisher.send_all([*outputs(b"1"), forbidden, *outputs(b"3")])
    assert [value for _, value, *_ in client.sent] == [b"1", b"3"]
    with pytest.raises(PublishError, match="refused"):
        delivery.done()
    publisher.send(forbidden)
    with pytest.raises(PublishError, match="refused"):
        publisher.flush()
