"""A broker of our own: these tests write what no service would, and commit in the services' groups."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.admin import create_topics
from testkit import embedded


@pytest.fixture(scope="session")
def own_kafka(scratch_dir: Path) -> Iterator[str]:
    """Bootstrap address of a broker with all topics, used by no service."""
    with embedded.running_broker(scratch_dir) as (broker, _):
        create_topics(broker.bootstrap)
        yield broker.bootstrap
