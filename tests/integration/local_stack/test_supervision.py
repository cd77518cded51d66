"""Supervised programs come back after a kill, and nothing stays behind after `down`."""

import os
import signal
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from local_stack import processes
from local_stack.services import Program
from local_stack.stack import Stack
from local_stack.state import StateDir
from local_stack.supervision import Supervisor
from local_stack.waiting import wait_until

pytestmark = pytest.mark.integration

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def is_up(supervisor: Supervisor, name: str, not_pid: int = 0) -> bool:
    program = supervisor.programs().get(name)
    return program is not None and program.pid not in (0, not_pid)


def test_a_killed_program_comes_back(state: StateDir):
    supervisor = Supervisor(state)
    supervisor.ensure([Program("sleeper", SLEEPER)])
    supervisor.start("sleeper")
    assert wait_until(lambda: is_up(supervisor, "sleeper"), 60)
    pid = supervisor.programs()["sleeper"].pid
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_up(supervisor, "sleeper", not_pid=pid), 60)


def test_a_changed_program_is_replaced_and_the_others_stay(state: StateDir):
    supervisor = Supervisor(state)
    supervisor.ensure([Program("one", SLEEPER), Program("two", SLEEPER)])
    for name in ("one", "two"):
        supervisor.start(name)
        assert wait_until(lambda name=name: is_up(supervisor, name), 60)
    before = supervisor.programs()
    assert supervisor.ensure([Program("one", SLEEPER), Program("two", SLEEPER)]) == []
    assert supervisor.ensure([Program("one", SLEEPER), Program("two", SLEEPER, {"X": "1"})]) == ["two"]
    after = supervisor.programs()
    assert after["one"].pid == before["one"].pid
    assert after["two"].pid == 0


def test_a_program_that_ignores_the_request_is_killed(state: StateDir):
    deaf = state.root / "deaf"
    stubborn = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(deaf)!r}).touch(); time.sleep(600)"
    )
    supervisor = Supervisor(state)
    supervisor.ensure([Program("stubborn", [sys.executable, "-c", stubborn], stop_seconds=1)])
    supervisor.start("stubborn")
    assert wait_until(deaf.exists, 60)
    assert supervisor.stop(["stubborn"], 10) == []


def test_broker_and_database_survive_kills_and_a_dead_supervisor_leaves_nothing_behind(state: StateDir):
    stack = Stack(state, {"PATH": os.environ["PATH"]})
    stack.check_machine()
    stack.fetch_jars("kafka")
    stack.start_supervisor()
    stack.start_database()
    stack.begin_broker()
    stack.await_broker()
    with psycopg.connect(stack.endpoints.postgres) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS x")
    pids = {name: stack.supervisor.programs()[name].pid for name in ("kafka", "postgres")}

    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    for name, pid in pids.items():
        assert wait_until(lambda name=name, pid=pid: is_up(stack.supervisor, name, not_pid=pid), 60)
    assert wait_until(stack.database.is_ready, 30)
    assert wait_until(stack.broker.is_ready, 30)
    with psycopg.connect(stack.endpoints.postgres) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (1,)

    supervisord = int((state.run_dir / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    assert wait_until(lambda: not psutil.pid_exists(supervisord), 60)
    assert processes.of_stack(state), "the broker outlives its supervisor"
    assert stack.down() >= 2
    assert processes.of_stack(state) == []


def test_up_again_keeps_what_runs_and_ports(state: StateDir):
    stack = Stack(state, {"PATH": os.environ["PATH"]})
    stack.fetch_jars("kafka")
    stack.start_supervisor()
    stack.begin_broker()
    stack.await_broker()
    pid, ports = stack.supervisor.programs()["kafka"].pid, stack.remembered_ports
    again = Stack(state, {"PATH": os.environ["PATH"]})
    again.start_supervisor()
    again.begin_broker()
    again.await_broker()
    assert again.supervisor.programs()["kafka"].pid == pid
    assert again.remembered_ports == ports
    assert AdminClient({"bootstrap.servers": again.endpoints.kafka}).list_topics(timeout=5).brokers
    assert again.down() == 1
    assert again.down() == 0


def test_processes_of_another_stack_are_not_touched(state: StateDir, tmp_path: Path):
    other = StateDir(tmp_path / "other")
    other.make()
    supervisor = Supervisor(other)
    supervisor.ensure([Program("sleeper", SLEEPER)])
    supervisor.start("sleeper")
    try:
        assert wait_until(lambda: is_up(supervisor, "sleeper"), 60)
        assert processes.of_stack(state) == []
        Stack(state, {}).down()
        assert is_up(supervisor, "sleeper")
    finally:
        assert Stack(other, {}).down() >= 1
    assert processes.of_stack(other) == []
