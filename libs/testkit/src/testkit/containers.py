"""The same broker and database in containers, used when TAPELINE_TEST_BACKEND=docker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local_stack.broker import answers
from local_stack.ports import LOOPBACK, free_port
from local_stack.waiting import wait_until

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
_KAFKA_TIMEOUT_SECONDS = 60


def wanted() -> bool:
    return os.environ.get("TAPELINE_TEST_BACKEND") == "docker"


def missing_engine() -> str | None:
    """Why containers cannot be used here, or None where a Docker engine answers.

    Asked in a process of its own: the Docker library leaves its socket open when nobody answers.
    """
    question = "import docker; docker.from_env(timeout=5).ping()"
    asked = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return None
    return f"no Docker engine answers: {asked.stderr.strip().splitlines()[-1]}"


@contextmanager
def running_broker() -> Iterator[str]:
    """Bootstrap address of a KRaft broker in a container, without automatic topics."""
    from testcontainers.core.container import DockerContainer

    port = free_port()
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in _kafka_settings(port).items():
        container = container.with_env(f"KAFKA_{name}", value)
    with container:
        bootstrap = f"{LOOPBACK}:{port}"
        if not wait_until(lambda: answers(bootstrap), _KAFKA_TIMEOUT_SECONDS, 0.5):
            raise RuntimeError(f"{KAFKA_IMAGE} does not answer on {bootstrap}: {container.get_logs()!r}")
        yield bootstrap


def _kafka_settings(port: int) -> dict[str, str]:
    """The image takes either its own settings or all of ours."""
    return {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
    }


@contextmanager
def running_database() -> Iterator[str]:
    """DSN of an empty database in a container."""
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
        yield container.get_connection_url()
