"""A private broker and a private database for one test run, from the same parts as `tapeline up`."""

import atexit
import fcntl
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from local_stack import jars
from local_stack.broker import Broker
from local_stack.database import DatabaseServer
from local_stack.java import Java, find_java
from local_stack.ports import free_port
from local_stack.state import checkout_root
from testkit.processes import ChildProcess


def jars_of(set_name: str) -> Path:
    """Directory of the verified jars of a set ("kafka" or "spark"), fetched where missing."""
    home = checkout_root() / ".tapeline"
    home.mkdir(exist_ok=True)
    with (home / "jars.lock").open("w") as lock:  # test processes run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory, _ = jars.ensure(set_name, home / "jars", _java())
    return directory


def _java() -> Java:
    return find_java(checkout_root() / ".tapeline/java")


def _broker_in(directory: Path) -> Broker:
    port = free_port()
    return Broker(directory, directory / "broker.log", port, free_port([port]))


@cache
def _formatted() -> Path:
    """Storage of a broker that never ran, to be copied: formatting starts a JVM. Deleted with the process."""
    made = tempfile.TemporaryDirectory(prefix="tapeline-formatted-")
    atexit.register(made.cleanup)
    with tempfile.TemporaryDirectory(prefix="tapeline-kafka-") as directory:
        broker = _broker_in(Path(directory))
        broker.prepare(_java(), jars_of("kafka"))
        shutil.copytree(broker.storage, made.name, dirs_exist_ok=True)
    return Path(made.name)


@contextmanager
def running_broker(parent: Path, *, short_lived: bool = True) -> Iterator[tuple[Broker, ChildProcess]]:
    """A formatted, running, answering, empty broker in a new directory; its process ends with the block.

    `short_lived` starts with less work and carries less: for tests. What measures takes the platform's.
    """
    directory = Path(tempfile.mkdtemp(prefix="kafka-", dir=parent))
    java, kafka_jars = _java(), jars_of("kafka")
    broker = _broker_in(directory)
    shutil.copytree(_formatted(), broker.storage)
    broker.prepare(java, kafka_jars)
    command = broker.command(java, kafka_jars, short_lived=short_lived)
    process = ChildProcess("kafka", command, directory / "console.log")
    try:
        process.wait_ready(broker.is_ready)
        yield broker, process
    finally:
        process.stop(timeout_seconds=5)


@contextmanager
def running_database(directory: Path, socket_dir: Path) -> Iterator[tuple[DatabaseServer, ChildProcess]]:
    """An initialised, running, answering server; its process ends with the block."""
    server = DatabaseServer(directory / "data", socket_dir)
    server.initialise()
    # Tests crash processes, never the machine: what reached the kernel is safe.
    process = ChildProcess("postgres", server.command({"fsync": "off"}), directory / "postgres.log")
    try:
        process.wait_ready(server.is_ready)
        yield server, process
    finally:
        process.stop(signal.SIGINT, timeout_seconds=5)
