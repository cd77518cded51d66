"""A broker of our own: valuation reads topics with fixed names, to which other tests write as well."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis.bus import Output
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed, end_offsets
from chassis.table import read_table
from contracts import Topic, Valuation, topics
from contracts.admin import create_topics
from contracts.codec import decoder, encode
from local_stack.ports import free_port
from testkit import embedded
from testkit.processes import ChildProcess
from testkit.waiting import eventually
from valuation.handlers import HANDLERS


class Stack:
    """A broker, a database and the service as a process of its own."""

    def __init__(self, kafka: str, postgres: str, environment: dict[str, str], directory: Path) -> None:
        self.kafka = kafka
        self.postgres = postgres
        self._environment = environment
        self._directory = directory
        self._publisher = Publisher(new_producer(kafka, "test", **{"log_level": 0}))
        self._watcher = new_consumer(kafka, "valuation")
        self.services: list[ChildProcess] = []

    def start(self) -> ChildProcess:
        """Start the service and wait until it is ready."""
        port = free_port()
        environment = {
            **self._environment,
            "TAPELINE_KAFKA": self.kafka,
            "TAPELINE_POSTGRES": self.postgres,
            "TAPELINE_HTTP_PORT": str(port),
            "TAPELINE_CHECKPOINT_S": "0.2",
            "TAPELINE_BARS_QUIET_MS": "200",
        }
        log = self._directory / f"valuation-{len(self.services)}.log"
        service = ChildProcess("valuation", [sys.executable, "-m", "valuation"], log, environment)
        self.services.append(service)
        service.wait_ready(lambda: is_ready(port), 120)  # a machine may be shared
        return service

    def send(self, *messages: object) -> None:
        """Send messages to the topics of their types, in order."""
        for message in messages:
            topic = BY_RECORD[type(message)]
            self._publisher.send(Output(topic.name, encode(message), topic.key_of(message)))
        self._publisher.flush()

    def send_tombstone(self, topic: Topic, key: bytes) -> None:
        self._publisher.send(Output(topic.name, None, key))
        self._publisher.flush()

    def values(self, portfolio_id: str, basis: str = "last") -> list[Valuation]:
        """Every value of a portfolio on the topic, in order."""
        decode = decoder(Valuation).decode
        records = read_table(self.kafka, topics.VALUATIONS.name)
        found = [decode(record.value) for record in records if record.key == portfolio_id.encode()]
        return [value for value in found if value.basis == basis]

    def last_message(self, portfolio_id: str) -> Valuation:
        """What compaction would keep of a portfolio."""
        records = [
            r for r in read_table(self.kafka, topics.VALUATIONS.name) if r.key == portfolio_id.encode()
        ]
        return decoder(Valuation).decode(records[-1].value)

    def value_when(
        self, portfolio_id: str, accept: Callable[[Valuation], bool], basis: str = "last"
    ) -> Valuation:
        """The newest value once it is accepted."""
        values = eventually(lambda: self.values(portfolio_id, basis), lambda v: bool(v) and accept(v[-1]))
        return values[-1]

    def is_caught_up(self) -> bool:
        """Whether the group has committed everything there is: published and stored."""
        for topic in HANDLERS:
            offsets = committed(self._watcher, topic)
            ends = end_offsets(self._watcher, topic)
            if any(end > offsets.get(number, (0, ""))[0] for number, end in ends.items()):
                return False
        return True

    def wait(self) -> None:
        eventually(self.is_caught_up, bool)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres) as connection:
            return connection.execute(query, parameters).fetchall()

    def close(self) -> None:
        for service in self.services:
            service.stop()
        self._watcher.close()


BY_RECORD = {topic.record: topic for topic in topics.ALL}


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker that nobody else uses, with all topics."""
    with embedded.running_broker(tmp_path_factory.mktemp("kafka")) as (broker, _):
        create_topics(broker.bootstrap)
        yield broker.bootstrap


@pytest.fixture(scope="module")
def stack(
    own_broker: str,
    postgres: str,
    child_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """Broker and database; a test starts the service itself."""
    stack = Stack(own_broker, postgres, child_environment, tmp_path_factory.mktemp("valuation"))
    yield stack
    stack.close()
