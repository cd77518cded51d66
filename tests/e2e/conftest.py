"""Every test here starts the platform with the command that a user types."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.platform import Platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """A running stack without a feed; one per test module, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tapeline-e2e-"))
    stack = Platform(home)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
        shutil.rmtree(home)
