"""Whatever starts them, embedded parts or containers, a broker and a database do the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from contracts.admin import create_topics
from store.migrate import current, head, migrate
from testkit import containers, embedded

pytestmark = pytest.mark.integration


@pytest.fixture(params=["embedded", "docker"])
def backend(request: pytest.FixtureRequest, scratch_dir: Path) -> Iterator[tuple[str, str]]:
    """Bootstrap address of an empty broker and DSN of an empty database."""
    with ExitStack() as running:
        if request.param == "docker":
            missing = containers.missing_engine()
            if missing:
                pytest.skip(missing)
            bootstrap = running.enter_context(containers.running_broker())
            yield bootstrap, running.enter_context(containers.running_database())
        else:
            broker, _ = running.enter_context(embedded.running_broker(scratch_dir))
            places = (scratch_dir / "other-postgres", scratch_dir / "other-socket")
            server, _ = running.enter_context(embedded.running_database(*places))
            yield broker.bootstrap, server.create_database()


def test_topics_and_schema_can_be_made(backend: tuple[str, str]):
    bootstrap, dsn = backend
    created = create_topics(bootstrap)
    assert {change.action for change in created} == {"created"}
    assert {change.action for change in create_topics(bootstrap)} == {"unchanged"}
    known = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
    assert {change.topic for change in created} <= set(known)
    assert migrate(dsn) == head() == current(dsn)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ops.price_bar").fetchone() == (0,)
