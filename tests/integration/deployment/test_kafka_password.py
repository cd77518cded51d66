"""A user's password changes at the broker and in his file: the clients that run go on, none is made anew."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from tests.integration.deployment.secured_broker import (
    PASSWORD,
    SecuredBroker,
    apply_manifests,
    secured_broker,
)

from api_gateway.adapters.kafka import consumer_for, producer_for
from chassis.bus import Output
from chassis.kafka import Publisher, consume_now, consumer_config, new_consumer, new_producer
from chassis.kafka_access import KafkaAccess
from local_stack.waiting import wait_until
from risk.adapters.faust_app import credentials

pytestmark = pytest.mark.integration

USER, TOPIC = "desk", "rotation"
TIMEOUT_S = 60.0
QUIET = {"log_level": 0}
RIGHTS = [
    {"resource": {"type": kind, "name": name, "patternType": "literal"}, "operations": operations}
    for kind, name, operations in (
        ("topic", TOPIC, ["Read", "Write", "Describe"]),
        ("group", USER, ["Read"]),
    )
]
MANIFEST = {"metadata": {"name": USER}, "spec": {"authorization": {"acls": RIGHTS}}}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("rotated"), [USER]) as running:
        apply_manifests(running, [TOPIC], [MANIFEST])
        yield running


@pytest.fixture
def file(broker: SecuredBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file, which broker and clients agree on."""
    for name, value in broker.environment(USER).items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    monkeypatch.setenv("TAPELINE_KAFKA_PASSWORD_FILE", str(path))
    return path


class Librdkafka:
    """A producer and a consumer as most services have them; a consumer that is told no new password."""

    def __init__(self, bootstrap: str) -> None:
        self._publisher = Publisher(new_producer(bootstrap, USER, **QUIET))
        self._consumer = new_consumer(bootstrap, USER, **QUIET)
        self._consumer.subscribe([TOPIC])
        self._refused: list[int] = []
        told = {"error_cb": lambda error: self._refused.append(error.code())}
        self._untold = Consumer(consumer_config(bootstrap, USER, **QUIET, **told))

    def pass_on(self, value: bytes) -> None:
        """Send it, wait until it has come."""
        self._publisher.send(Output(TOPIC, value))
        self._publisher.flush(TIMEOUT_S)
        assert wait_until(lambda: self._has_come(value), TIMEOUT_S)

    def _has_come(self, value: bytes) -> bool:
        return any(message.value() == value for message in consume_now(self._consumer, 100, 0.2))

    def is_untold_refused(self) -> bool:
        self._untold.poll(0.2)
        return KafkaError._AUTHENTICATION in self._refused

    def close(self) -> None:
        self._consumer.close()
        self._untold.close()


class Aiokafka:
    """A producer and a consumer as the gateway has them, and Faust's are alike."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer, self._producer = consumer_for(bootstrap), producer_for(bootstrap)

    async def start(self) -> None:
        await self._producer.start()
        self._consumer.subscribe([TOPIC])
        await self._consumer.start()

    async def pass_on(self, value: bytes) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            await self._producer.send_and_wait(TOPIC, value)
            while (await self._consumer.getone()).value != value:
                pass

    async def close(self) -> None:
        await self._consumer.stop()
        await self._producer.stop()


async def test_clients_that_run_log_in_with_the_new_password(broker: SecuredBroker, file: Path) -> None:
    library, asynchronous = Librdkafka(broker.bootstrap), Aiokafka(broker.bootstrap)
    await asynchronous.start()
    try:
        await asyncio.to_thread(library.pass_on, b"before")
        await asynchronous.pass_on(b"before too")
        assert not library.is_untold_refused()

        broker.set_password(USER, "another-password")
        file.write_text("another-password\n")
        await asyncio.to_thread(broker.restart)  # which cuts every connection

        await asyncio.to_thread(library.pass_on, b"after")
        await asynchronous.pass_on(b"after too")
        assert await asyncio.to_thread(wait_until, library.is_untold_refused, TIMEOUT_S)
    finally:
        await asynchronous.close()
        library.close()


def test_faust_hands_the_file_to_its_clients(file: Path) -> None:
    given = credentials_to_aiokafka_auth(credentials(KafkaAccess()))
    file.write_text("changed")
    assert given["sasl_plain_password"].encode() == b"changed"
