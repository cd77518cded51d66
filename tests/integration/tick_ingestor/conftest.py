"""A broker of its own with all topics, since the ingestor's topics and groups have fixed names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.admin import create_topics
from local_stack.broker import Broker
from testkit import embedded
from testkit.processes import ChildProcess


@pytest.fixture
def running_broker(tmp_path: Path) -> Iterator[tuple[Broker, ChildProcess]]:
    """An empty broker with the contract's topics, and its process."""
    with embedded.running_broker(tmp_path) as running:
        create_topics(running[0].bootstrap)
        yield running


@pytest.fixture
def broker(running_broker: tuple[Broker, ChildProcess]) -> str:
    """Its bootstrap address."""
    return running_broker[0].bootstrap
