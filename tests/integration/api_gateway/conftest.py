"""A real gateway on a broker of its own: it reads topics to which other tests write as well."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from msgspec import Struct

from chassis.bus import Output
from chassis.kafka import Publisher, new_producer
from contracts import Topic, topics
from contracts.admin import create_topics
from contracts.codec import encode
from local_stack.ports import free_port
from testkit import embedded
from testkit.processes import ChildProcess

KEY = "integration-test-key-0123456789"
BY_RECORD: dict[type[Struct], Topic] = {topic.record: topic for topic in topics.ALL}


class Gateway:
    """A gateway process, clients with and without the key, and a way to publish and store."""

    def __init__(self, kafka: str, postgres: str, home: Path, environment: dict[str, str]) -> None:
        self.kafka, self.postgres = kafka, postgres
        self.key_file = home / "api-key"
        self.key_file.write_text(KEY + "\n")
        pepper_file = home / "key-pepper"
        pepper_file.write_text("integration-test-pepper-0123456789")
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.admin_url = f"http://127.0.0.1:{(admin_port := free_port([port]))}"
        settings = {
            "TAPELINE_KAFKA": kafka,
            "TAPELINE_POSTGRES": postgres,
            "TAPELINE_HTTP_PORT": str(port),
            "TAPELINE_ADMIN_PORT": str(admin_port),
            "TAPELINE_RISK_URL": "http://127.0.0.1:9",  # nobody listens there
            "TAPELINE_API_KEY_FILE": str(self.key_file),
            "TAPELINE_KEY_PEPPER_FILE": str(pepper_file),
        }
        command = [sys.executable, "-m", "api_gateway"]
        self.process = ChildProcess(
            "api-gateway", command, home / f"gateway-{port}.log", {**environment, **settings}
        )
        self.stranger = httpx.Client(base_url=self.url, timeout=10)
        self.client = httpx.Client(base_url=self.url, headers={"X-API-Key": KEY}, timeout=10)
        self.admin = httpx.Client(base_url=self.admin_url, headers={"X-API-Key": KEY}, timeout=10)
        self._publisher = Publisher(new_producer(kafka, "gateway-tests"))
        self.process.wait_ready(self.is_ready, 120)

    def is_ready(self) -> bool:
        try:
            return self.stranger.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str, **parameters: str) -> Any:
        answer = self.client.get("/v1" + path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def problem(self, path: str, **parameters: str) -> dict[str, Any]:
        """The problem with which a GET is refused."""
        return self.refused(self.client.get("/v1" + path, params=parameters))

    def refused(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        body: dict[str, Any] = answer.json()
        assert body["status"] == answer.status_code
        assert len(body["trace_id"]) == 32
        return body

    def publish(self, *messages: Struct) -> None:
        for message in messages:
            topic = BY_RECORD[type(message)]
            self._publisher.send(Output(topic.name, encode(message), topic.key_of(message)))
        self._publisher.flush(10)

    def store(self, sql: str, *rows: tuple[object, ...]) -> None:
        with psycopg.connect(self.postgres) as connection, connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def close(self) -> int:
        self.client.close()
        self.admin.close()
        self.stranger.close()
        return self.process.stop()


@pytest.fixture(scope="session")
def gateway_broker(scratch_dir: Path) -> Iterator[str]:
    with embedded.running_broker(scratch_dir) as (broker, _):
        create_topics(broker.bootstrap)
        yield broker.bootstrap


@pytest.fixture(scope="module")
def start_gateway(
    gateway_broker: str,
    postgres: str,
    tmp_path_factory: pytest.TempPathFactory,
    child_environment: dict[str, str],
) -> Iterator[Callable[..., Gateway]]:
    """Starts one with the settings given; each ends with the module."""
    started: list[Gateway] = []

    def start(**settings: str) -> Gateway:
        home = tmp_path_factory.mktemp("gateway")
        started.append(Gateway(gateway_broker, postgres, home, {**child_environment, **settings}))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def gateway(start_gateway: Callable[..., Gateway]) -> Gateway:
    return start_gateway()
