"""Who schedules is chosen once for a stack, not anew in each shell."""

import os
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.services import SCHEDULER
from local_stack.stack import Stack
from local_stack.state import StateDir
from local_stack.supervision import Supervisor

pytestmark = pytest.mark.integration


def prepared(state: StateDir, **given: str) -> Stack:
    """A stack as far as `up` writes its programs, from a shell with these settings."""
    stack = Stack(state, {"PATH": os.environ["PATH"], **given})
    stack.start_supervisor()
    return stack


def told(state: StateDir) -> set[str]:
    """What the services are told about it."""
    text = Path(state.run_dir / "supervisord.conf").read_text()
    return {part for part in text.replace("\n", ",").split(",") if part.startswith("TAPELINE_SCHEDULER=")}


def test_a_shell_without_the_setting_keeps_what_the_stack_has(state: StateDir) -> None:
    assert prepared(state).scheduler == "embedded"
    assert SCHEDULER in Supervisor(state).programs()
    prepared(state, TAPELINE_SCHEDULER="airflow")
    again = prepared(state)
    assert SCHEDULER not in Supervisor(state).programs()
    assert told(state) == {'TAPELINE_SCHEDULER="airflow"'}
    assert "TAPELINE_SCHEDULER=embedded tapeline up" in again.start_scheduler()
    prepared(state, TAPELINE_SCHEDULER="embedded")
    assert SCHEDULER in Supervisor(state).programs()
    assert told(state) == {'TAPELINE_SCHEDULER="embedded"'}


def test_an_unknown_scheduler_is_refused_and_not_remembered(state: StateDir) -> None:
    with pytest.raises(StackError, match="TAPELINE_SCHEDULER: 'cron'"):
        prepared(state, TAPELINE_SCHEDULER="cron")
    assert prepared(state).scheduler == "embedded"
