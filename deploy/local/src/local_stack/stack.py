"""One local stack: its parts, their order, their state. `up` and `down` are made of these steps."""

import fcntl
import itertools
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import httpx

from chassis.scheduling import SCHEDULER_VARIABLE, SchedulerKind, scheduler_kind
from local_stack import jars, ports, processes
from local_stack.broker import Broker
from local_stack.database import GATEWAY_ROLE, ROLE, WRITER_ROLE, DatabaseServer
from local_stack.errors import StackError
from local_stack.java import Java, find_java
from local_stack.prometheus import HOW_TO_INSTALL, PROMETHEUS, PrometheusServer
from local_stack.services import (
    BY_NAME,
    FEED,
    GATEWAY,
    GATEWAY_ADMIN,
    KAFKA,
    PORT_NAMES,
    POSTGRES,
    SCHEDULER,
    SERVICES,
    STOP_WAVES,
    Endpoints,
    Program,
    ports_of,
    scheduler_program,
    service_program,
)
from local_stack.state import StateDir, checkout_root, read_json, write_json, write_private
from local_stack.supervision import Supervisor
from local_stack.waiting import wait_until

DSN_VARIABLE = "TAPELINE_POSTGRES"
# Seconds on an idle machine; a busy one takes its time, and a service that fails is noticed much sooner.
_READY_TIMEOUT_SECONDS = 300
_SERVER_TIMEOUT_SECONDS = 60
# How long `up` watches a program that exits at once and is started again.
_FAILING_SECONDS = 10
LEAST_FREE_BYTES = 2 << 30


class Stack:
    """A stack in its state directory. Methods raise StackError with the fix."""

    def __init__(self, state: StateDir, environment: Mapping[str, str] = os.environ) -> None:
        self.state = state
        self.environment = environment
        self.supervisor = Supervisor(state)
        self.database = DatabaseServer(state.postgres_dir / "data", state.postgres_socket_dir)

    @classmethod
    def here(cls) -> "Stack":
        """The stack of $TAPELINE_HOME or of this checkout."""
        return cls(StateDir.from_environment())

    @property
    def external_dsn(self) -> str | None:
        """DSN of a database that is not ours to start, from TAPELINE_POSTGRES."""
        return self.environment.get(DSN_VARIABLE) or None

    @cached_property
    def java(self) -> Java:
        return find_java(self.state.java_dir, self.environment)

    @property
    def remembered_ports(self) -> dict[str, int]:
        return read_json(self.state.ports_file)

    @property
    def broker(self) -> Broker:
        known = self.remembered_ports
        log = self.state.logs_dir / "kafka-broker.log"
        return Broker(self.state.kafka_dir, log, known[KAFKA], known["kafka-controller"])

    @property
    def prometheus(self) -> PrometheusServer:
        rules = checkout_root() / "deploy" / "prometheus" / "rules"
        return PrometheusServer(self.state.root / PROMETHEUS, rules, self.remembered_ports[PROMETHEUS])

    @property
    def scheduler(self) -> SchedulerKind:
        """Who schedules since the last `up`; without a choice the platform itself."""
        return _kind(read_json(self._scheduler_file).get("scheduler"), str(self._scheduler_file))

    @property
    def schedule(self) -> str:
        """Who schedules, in words."""
        if self.scheduler is SchedulerKind.EMBEDDED:
            return "embedded: bars and marts in session, end of day after 17:00 New York"
        return f"left to {self.scheduler}; `{SCHEDULER_VARIABLE}=embedded tapeline up` takes it back"

    @property
    def _scheduler_file(self) -> Path:
        return self.state.root / "scheduler.json"

    @property
    def endpoints(self) -> Endpoints:
        owner, gateway, writer = (
            self.external_dsn or self.database.dsn(user=user) for user in (ROLE, GATEWAY_ROLE, WRITER_ROLE)
        )
        return Endpoints(self.broker.bootstrap, owner, self.remembered_ports, gateway, writer)

    @property
    def is_made(self) -> bool:
        """Whether `up` has ever come far enough to choose ports."""
        return self.state.ports_file.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up`, `down` or `reset` at a time."""
        self.state.make()
        with (self.state.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                problem = f"another tapeline command is changing the stack in {self.state.root}"
                raise StackError(problem, "wait until it is done") from error
            yield

    # Steps of `up`, in order. Each returns what is worth telling.

    def check_machine(self) -> str:
        """Java and room on the disk."""
        free = shutil.disk_usage(self.state.root).free
        if free < LEAST_FREE_BYTES:
            problem = f"only {free / 2**30:.1f} GiB are free for {self.state.root}, 2 are needed"
            raise StackError(problem, "free some space, or set TAPELINE_HOME to a directory on another disk")
        return f"Java {self.java.version_text} ({self.java.source})"

    def fetch_jars(self, set_name: str) -> str:
        _, fetched = jars.ensure(set_name, self.state.jars_dir, self.java)
        total = len(jars.locked(set_name))
        return f"{total} verified" + (f", {fetched} fetched" if fetched else "")

    def start_supervisor(self) -> str:
        """Choose ports, write the programs, start supervisord; end what a killed supervisord left behind."""
        ended = 0 if self.supervisor.answers() else processes.end(processes.of_stack(self.state))
        held = {name for name, program in self.supervisor.programs().items() if program.pid}
        self._choose_ports(held)
        self._choose_scheduler()
        self.supervisor.ensure(self._programs())
        return f"ended {ended} left-over processes" if ended else ""

    def start_database(self) -> str:
        """A server that answers, with our database in it."""
        if self.external_dsn:
            return "given by TAPELINE_POSTGRES"
        self.database.initialise()
        self._start_and_wait(POSTGRES, self.database.is_ready)
        self.database.create_database()
        return f"socket in {self.state.postgres_socket_dir}"

    def begin_broker(self) -> str:
        """Start without waiting: a JVM takes its seconds while the database is made."""
        self.broker.prepare(self.java, self.state.jars_dir / KAFKA)
        self.supervisor.start(KAFKA)
        return ""

    def await_broker(self) -> str:
        self._wait(KAFKA, self.broker.is_ready, _SERVER_TIMEOUT_SECONDS)
        return self.broker.bootstrap

    def migrate_schema(self) -> str:
        from store.migrate import current, head, migrate

        before = current(self.endpoints.postgres)
        if before == head():
            return f"at {before}"
        migrate(self.endpoints.postgres)
        return f"{before or 'empty'} -> {head()}"

    def create_topics(self) -> str:
        from contracts.admin import create_topics

        changes = create_topics(self.endpoints.kafka)
        counts = [(action, sum(one.action == action for one in changes)) for action in ("created", "altered")]
        told = ", ".join(f"{count} {action}" for action, count in counts if count)
        return f"{len(changes)} topics" + (f", {told}" if told else "")

    def write_client_file(self) -> str:
        """The gateway's two secrets, and the file that tells programs where everything is."""
        for path in (self.state.key_file, self.state.pepper_file):
            if not path.exists():
                write_private(path, secrets.token_urlsafe(32) + "\n")
            path.chmod(0o600)
        endpoints = self.endpoints
        client = {
            "api_url": endpoints.url(GATEWAY),
            "admin_url": endpoints.url(GATEWAY_ADMIN),
            "api_key": self.state.key_file.read_text().strip(),
            "kafka": endpoints.kafka,
            "postgres": endpoints.postgres,
        }
        write_json(self.state.client_file, client)
        return str(self.state.client_file)

    def start_services(self, names: Iterable[str]) -> str:
        """Start without waiting, in the order given; `wait_ready` waits."""
        started = [name for name in names if self._start_service(name)]
        return ", ".join(started) or "all run already"

    def wait_ready(self, name: str) -> str:
        self._wait(name, lambda: readiness(self.endpoints.url(name)) is None, _READY_TIMEOUT_SECONDS)
        return self.endpoints.url(name)

    def start_feed(self) -> str:
        """The simulated market; last, so that nobody misses its first tick."""
        self._start_service(FEED)
        self.wait_ready(FEED)
        settings = self._program(FEED).environment
        return f"{settings['TAPELINE_RATE']} ticks/s"

    def stop_feed(self) -> str:
        self.supervisor.stop([FEED], BY_NAME[FEED].stop_seconds + 1)
        return ""

    def start_scheduler(self) -> str:
        """The schedule of the end of day, where the platform has it itself."""
        if self.scheduler is SchedulerKind.EMBEDDED:
            self.supervisor.start(SCHEDULER)
        return self.schedule

    def start_prometheus(self, services: Iterable[str]) -> str:
        """Scrape these services; where the program is missing, say how to get it: nothing else needs it."""
        prometheus = self.prometheus
        if prometheus.binary is None:
            return HOW_TO_INSTALL
        if prometheus.configure(services, self.remembered_ports, self.state.key_file):
            self.supervisor.stop([PROMETHEUS], 5)
        self._start_and_wait(PROMETHEUS, prometheus.is_ready)
        return prometheus.url

    # The way down.

    def down(self) -> int:
        """Stop everything of this stack, cleanly where possible; returns how many programs ran."""
        programs = self.supervisor.programs()
        running = [name for name, program in programs.items() if program.pid]
        for wave in STOP_WAVES:
            patience = max(BY_NAME[name].stop_seconds if name in BY_NAME else 3 for name in wave)
            self.supervisor.stop([name for name in wave if name in programs], patience)
        self.supervisor.shut_down()
        return len(running) + processes.end(processes.of_stack(self.state), 1.5)

    def delete(self) -> None:
        """Remove all data of the stack; the verified Java libraries stay."""
        for path in self.state.root.iterdir():
            if path in (self.state.jars_dir, self.state.root / "lock"):
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if self.state.socket_dir != self.state.run_dir:
            shutil.rmtree(self.state.socket_dir, ignore_errors=True)

    def _choose_scheduler(self) -> None:
        """Remember what TAPELINE_SCHEDULER says; where it says nothing, what was chosen before stays.

        Otherwise `up` from another shell would start our schedule beside that of Airflow.
        """
        if given := self.environment.get(SCHEDULER_VARIABLE):
            write_json(self._scheduler_file, {"scheduler": _kind(given, SCHEDULER_VARIABLE)})

    def _choose_ports(self, held: set[str]) -> None:
        """Ports of running programs stay, the others are probed again."""
        known = self.remembered_ports
        kept = {known[name] for name in ports_of(held) if name in known}
        chosen = ports.choose(
            PORT_NAMES, known, self.environment, lambda port: port in kept or ports.is_free(port)
        )
        write_json(self.state.ports_file, chosen)

    def _programs(self) -> list[Program]:
        endpoints = self.endpoints
        broker_command = self.broker.command(self.java, self.state.jars_dir / KAFKA)
        programs = [Program(KAFKA, broker_command)]
        if not self.external_dsn:
            programs.append(Program(POSTGRES, self.database.command(), stop_signal="INT"))
        if self.prometheus.binary is not None:
            programs.append(Program(PROMETHEUS, self.prometheus.command()))
        if self.scheduler is SchedulerKind.EMBEDDED:
            programs.append(scheduler_program(self.state, endpoints, self.environment))
        home = str(self.java.home)
        given = {**self.environment, SCHEDULER_VARIABLE: self.scheduler}
        services = [service_program(one, self.state, endpoints, home, given) for one in SERVICES]
        return programs + services

    def _program(self, name: str) -> Program:
        return next(program for program in self._programs() if program.name == name)

    def _start_service(self, name: str) -> bool:
        self.state.service_dir(name).mkdir(parents=True, exist_ok=True)
        return self.supervisor.start(name)

    def _start_and_wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        self.supervisor.start(name)
        self._wait(name, is_ready, _SERVER_TIMEOUT_SECONDS)

    def _wait(self, name: str, is_ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Until ready; StackError with the end of the log when it keeps failing or is too slow."""
        given_up = False
        patience_ends = time.monotonic() + _FAILING_SECONDS

        def settled() -> bool:
            nonlocal given_up
            if is_ready():
                return True
            state = self.supervisor.programs()[name].state
            given_up = state == "fatal" or (state == "backoff" and time.monotonic() > patience_ends)
            return given_up

        if wait_until(settled, timeout_seconds) and not given_up:
            return
        reason = "does not stay up" if given_up else f"was not ready within {timeout_seconds:.0f} s"
        if name in BY_NAME and not given_up:
            reason += f" ({readiness(self.endpoints.url(name))})"
        tail = log_tail(self.state.logs_dir / f"{name}.log")
        raise StackError(f"{name} {reason}; end of its log:\n{tail}", f"tapeline logs {name}")


def _kind(name: str | None, source: str) -> SchedulerKind:
    try:
        return scheduler_kind({SCHEDULER_VARIABLE: name or ""})
    except ValueError as error:
        raise StackError(f"{source}: {error}", f"set it to one of {', '.join(SchedulerKind)}") from error


def readiness(url: str, timeout_seconds: float = 2) -> str | None:
    """None when the service says it is ready, otherwise what it waits for."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=timeout_seconds)
    except httpx.HTTPError as error:
        return f"does not answer: {type(error).__name__}"
    if answer.status_code == 200:
        return None
    try:
        missing = answer.json()["missing"]
        return "waits for " + ", ".join(f"{name}: {_first_line(why)}" for name, why in missing.items())
    except (ValueError, KeyError, AttributeError):
        return f"answers {answer.status_code}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:160]


def log_tail(path: Path, lines: int = 15) -> str:
    """Last different lines of a log file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            read = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    # A program that is started again and again says the same again and again.
    return "\n".join([line for line, _ in itertools.groupby(read)][-lines:])
