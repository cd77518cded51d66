"""A broker of its own with all topics, since the ingestor's topics and groups have fixed names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.admin import create_topics
from testkit import embedded


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """Bootstrap address of an empty broker with the contract's topics."""
    with embedded.running_broker(tmp_path) as (running, _):
        create_topics(running.bootstrap)
        yield running.bootstrap
