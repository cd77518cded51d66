"""The same broker and database in containers, used when TAPELINE_TEST_BACKEND=docker."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"


def wanted() -> bool:
    return os.environ.get("TAPELINE_TEST_BACKEND") == "docker"


def missing_engine() -> str | None:
    """Why containers cannot be used here, or None where a Docker engine answers."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except DockerException as error:
        return f"no Docker engine answers: {error}"
    return None


@contextmanager
def running_broker() -> Iterator[str]:
    """Bootstrap address of a KRaft broker in a container."""
    from testcontainers.community.kafka import KafkaContainer

    with KafkaContainer(KAFKA_IMAGE).with_kraft() as container:
        yield container.get_bootstrap_server()


@contextmanager
def running_database() -> Iterator[str]:
    """DSN of a migrated database in a container."""
    from testcontainers.community.postgres import PostgresContainer

    from store.migrate import migrate

    with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
        dsn = container.get_connection_url()
        migrate(dsn)
        yield dsn
