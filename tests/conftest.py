"""Fixtures for every test come from libs/testkit."""

from collections import Counter

import pytest
from hypothesis import settings

pytest_plugins = ["testkit.fixtures"]

# How long an example takes is no property of the code: machines are shared.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    shared = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if shared:
        raise pytest.UsageError(
            f"tests share an id, of which pytest-xdist runs one only: {', '.join(shared)}"
        )
