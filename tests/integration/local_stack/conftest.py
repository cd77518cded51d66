"""A stack's directory of its own for each test."""

from collections.abc import Iterator

import pytest

from local_stack import processes
from local_stack.state import StateDir
from local_stack.supervision import Supervisor


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDir]:
    """A stack's directory; its supervisor, and whatever a failed test left running, is ended."""
    state = StateDir(tmp_path_factory.mktemp("stack"))
    state.make()
    yield state
    Supervisor(state).shut_down()
    processes.end(processes.of_stack(state))
