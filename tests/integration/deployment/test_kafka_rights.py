"""The users of deploy/k8s on a real broker with TLS, passwords and ACLs: what each may do, and what not."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from aiokafka.errors import KafkaConnectionError
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from tests.integration.deployment.secured_broker import (
    SecuredBroker,
    apply_manifests,
    secured_broker,
    write_certificates,
)

from api_gateway.adapters.kafka import consumer_for, producer_for
from chassis.bus import Output
from chassis.kafka import Publisher, PublishError, new_consumer, new_producer
from chassis.kafka_access import KafkaAccess, librdkafka_options
from chassis.offsets import committed
from contracts import topics
from risk.adapters.faust_app import credentials

K8S = Path(__file__).resolve().parents[3] / "deploy" / "k8s"
USERS = (K8S / "base" / "kafka" / "users.yaml", K8S / "components" / "simulator" / "user.yaml")
MANIFESTS = [one for path in USERS for one in yaml.safe_load_all(path.read_text())]
NAMES = [one["metadata"]["name"] for one in MANIFESTS]
SERVICES = [name for name in NAMES if name != "cli"]
TIMEOUT_S = 60.0

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("secured"), NAMES) as running:
        apply_manifests(running, [topic.name for topic in topics.ALL], MANIFESTS)
        yield running


@contextmanager
def acting_as(broker: SecuredBroker, user: str, **other: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (broker.environment(user) | other).items():
            patch.setenv(name, value)
        yield


def writable(broker: SecuredBroker) -> set[str]:
    """The topics that take a record of the present user."""
    return {topic.name for topic in topics.ALL if is_taken(broker, topic.name)}


def is_taken(broker: SecuredBroker, topic: str) -> bool:
    """A producer for each: one gives up on all it has in hand when a topic is refused."""
    publisher = Publisher(new_producer(broker.bootstrap, "test", **{"log_level": 0}))
    publisher.send(Output(topic, b"{}", b"key"))
    try:
        publisher.flush(TIMEOUT_S)
    except PublishError as error:
        if "refused" not in str(error):
            raise
        return False
    return True


def readable(broker: SecuredBroker, group: str) -> set[str]:
    """The topics whose records are given to the present user, in a group of this name."""
    consumer = new_consumer(broker.bootstrap, group, **{"log_level": 0})
    try:
        shown = sorted(consumer.list_topics(timeout=TIMEOUT_S).topics)
        committed(consumer, shown[0])  # as a service does, which waits for a coordinator that is still sought
        consumer.assign([TopicPartition(name, 0, 0) for name in shown])
        answers: dict[str, int | None] = {}
        deadline = time.monotonic() + TIMEOUT_S
        while len(answers) < len(shown):
            assert time.monotonic() < deadline, f"no answer about {set(shown) - answers.keys()}"
            message = consumer.poll(1.0)
            if message is not None:
                error = message.error()
                answers[message.topic() or ""] = None if error is None else error.code()
    finally:
        consumer.close()
    return {name for name, code in answers.items() if code != KafkaError.TOPIC_AUTHORIZATION_FAILED}


@pytest.mark.parametrize("user", SERVICES)
def test_a_service_may_do_what_the_contracts_say_and_nothing_else(broker: SecuredBroker, user: str) -> None:
    with acting_as(broker, user):
        writes, reads = writable(broker), readable(broker, user)
    assert writes == {topic.name for topic in topics.ALL if user in topic.producers}
    assert reads == writes | {topic.name for topic in topics.ALL if user in topic.consumers}


def test_a_group_belongs_to_its_service(broker: SecuredBroker) -> None:
    with acting_as(broker, "risk"):
        admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0, **librdkafka_options()})
    asked = admin.describe_consumer_groups(["risk", "risk.reference", "valuation"])
    assert asked["risk"].result(TIMEOUT_S).group_id == "risk"
    assert asked["risk.reference"].result(TIMEOUT_S).group_id == "risk.reference"
    with pytest.raises(KafkaException) as refused:
        asked["valuation"].result(TIMEOUT_S)
    assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_nobody_gets_in_without_a_user_or_with_a_wrong_password(
    broker: SecuredBroker, tmp_path: Path
) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("guessed")
    for user, other in (("stranger", {}), ("risk", {"TAPELINE_KAFKA_PASSWORD_FILE": str(wrong)})):
        with acting_as(broker, user, **other), pytest.raises(KafkaException):
            new_consumer(broker.bootstrap, user, **{"log_level": 0}).list_topics(timeout=5)
    with pytest.raises(KafkaException):  # no user at all, in plain text
        new_consumer(broker.bootstrap, "risk", **{"log_level": 0}).list_topics(timeout=5)


def test_a_broker_that_another_authority_signed_is_not_trusted(broker: SecuredBroker, tmp_path: Path) -> None:
    write_certificates(tmp_path)
    other = {"TAPELINE_KAFKA_CA_FILE": str(tmp_path / "ca.crt")}
    with acting_as(broker, "risk", **other), pytest.raises(KafkaException):
        new_consumer(broker.bootstrap, "risk", **{"log_level": 0}).list_topics(timeout=5)


async def test_the_gateway_and_faust_log_in_the_same_way(broker: SecuredBroker, tmp_path: Path) -> None:
    topic = topics.POSITIONS.name
    with acting_as(broker, "api-gateway"):
        producer, consumer = producer_for(broker.bootstrap), consumer_for(broker.bootstrap, "api-gateway")
        await producer.start()
        await producer.send_and_wait(topic, b"{}", key=b"P/AAA")
        await producer.stop()
        consumer.subscribe([topic])
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), TIMEOUT_S)
        await consumer.stop()
        assert record.topic == topic
        login = credentials(KafkaAccess())
        assert login is not None
        assert (login.protocol.value, login.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    write_certificates(tmp_path)
    with acting_as(broker, "api-gateway", TAPELINE_KAFKA_CA_FILE=str(tmp_path / "ca.crt")):
        untrusting = consumer_for(broker.bootstrap)
        with pytest.raises(KafkaConnectionError):
            await untrusting.start()
        await untrusting.stop()
