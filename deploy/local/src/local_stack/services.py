"""The table of what runs: programs, what each needs, how each is started, stopped and asked."""

import sys
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from local_stack.ports import LOOPBACK
from local_stack.prometheus import PROMETHEUS
from local_stack.state import HOME_VARIABLE, StateDir

POSTGRES, KAFKA = "postgres", "kafka"
FEED, GATEWAY = "producer", "api-gateway"
GATEWAY_ADMIN = "api-gateway-admin"  # the gateway's other port, where keys are made
SCHEDULER = "scheduler"
INTRADAY_VARIABLE = "TAPELINE_INTRADAY_MINUTES"


@dataclass(frozen=True)
class Service:
    """One service of ours. `needs` are ready before it starts; in `stop_seconds` it finishes its work."""

    name: str
    needs: tuple[str, ...]
    stop_seconds: int = 3

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")


# In starting order: the bus decouples services, so none waits for another one to be ready.
SERVICES = (
    Service("tick-ingestor", (KAFKA,)),
    Service("bar-aggregator", (KAFKA, POSTGRES)),
    Service("valuation", (KAFKA, POSTGRES)),
    Service("risk", (KAFKA, POSTGRES)),
    Service(GATEWAY, (KAFKA, POSTGRES), stop_seconds=2),
    Service(FEED, (KAFKA,), stop_seconds=2),
)
BY_NAME = {service.name: service for service in SERVICES}

# Asked to stop in reverse order and awaited together: services first, then what all of them stand on.
STOP_WAVES = ((PROMETHEUS, SCHEDULER, *(service.name for service in reversed(SERVICES))), (KAFKA, POSTGRES))

OTHER_PORTS = {KAFKA: "kafka-controller", GATEWAY: GATEWAY_ADMIN}
"""The second port of programs that listen twice."""
PORT_NAMES = (KAFKA, PROMETHEUS, *(service.name for service in SERVICES), *OTHER_PORTS.values())


def ports_of(programs: Set[str]) -> set[str]:
    """The names of the ports that these programs hold."""
    return {*programs, *(OTHER_PORTS[name] for name in programs & OTHER_PORTS.keys())}


@dataclass(frozen=True)
class Program:
    """One supervised command."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 3


@dataclass(frozen=True)
class Endpoints:
    """Where the parts of one stack listen."""

    kafka: str
    postgres: str
    ports: Mapping[str, int]
    gateway_postgres: str
    """The same database for the role that row-level security binds."""
    writer_postgres: str
    """And for the role that the other services work as."""

    def url(self, service: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[service]}"


def service_program(
    service: Service, state: StateDir, endpoints: Endpoints, java_home: str, given: Mapping[str, str]
) -> Program:
    """The supervised command of one service, with its whole environment.

    TAPELINE_ variables of `given` (the caller's environment) that the stack does not decide itself are passed
    on, so that `TAPELINE_RATE=5000 tapeline up` works.
    """
    state_dir = state.service_dir(service.name)
    postgres = endpoints.gateway_postgres if service.name == GATEWAY else endpoints.writer_postgres
    decided = {
        "TAPELINE_KAFKA": endpoints.kafka,
        "TAPELINE_POSTGRES": postgres,
        "TAPELINE_LAKE": str(state.lake_dir),
        "TAPELINE_SPARK_JARS": str(state.jars_dir / "spark"),
        "TAPELINE_HTTP_HOST": LOOPBACK,
        "TAPELINE_HTTP_PORT": str(endpoints.ports[service.name]),
        "TAPELINE_ADMIN_HOST": LOOPBACK,
        "TAPELINE_ADMIN_PORT": str(endpoints.ports[GATEWAY_ADMIN]),
        "TAPELINE_STATE_DIR": str(state_dir),
        "TAPELINE_API_KEY_FILE": str(state.key_file),
        "TAPELINE_KEY_PEPPER_FILE": str(state.pepper_file),
        "TAPELINE_AGGREGATOR_URL": endpoints.url("bar-aggregator"),
        "TAPELINE_RISK_URL": endpoints.url("risk"),
        "JAVA_HOME": java_home,
        "PYTHONUNBUFFERED": "1",
    }
    chosen = {name: value for name, value in given.items() if name.startswith("TAPELINE_")}
    environment = {**_defaults(service), **chosen, **decided}
    command = [sys.executable, "-m", service.module]
    return Program(service.name, command, environment, stop_seconds=service.stop_seconds)


def scheduler_program(state: StateDir, endpoints: Endpoints, given: Mapping[str, str]) -> Program:
    """The supervised schedule; the commands it starts find the stack by its directory."""
    environment = {
        HOME_VARIABLE: str(state.root),
        "TAPELINE_POSTGRES": endpoints.writer_postgres,
        "TAPELINE_AGGREGATOR_URL": endpoints.url("bar-aggregator"),
        "PYTHONUNBUFFERED": "1",
        **{name: given[name] for name in (INTRADAY_VARIABLE,) if given.get(name)},
    }
    return Program(SCHEDULER, [sys.executable, "-m", "local_stack.scheduler"], environment)


def _defaults(service: Service) -> dict[str, str]:
    defaults = {"TAPELINE_LOG_FORMAT": "console"}
    if service.name == FEED:
        defaults |= {
            "TAPELINE_FEED": "sim",
            "TAPELINE_RATE": "500",
            "TAPELINE_SESSION": "always",
            "TAPELINE_CLOSING_PRINTS": "true",
        }
    return defaults
