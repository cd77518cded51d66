"""What supervisord is told: commands, environments, order."""

import configparser
import shlex
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.prometheus import PROMETHEUS
from local_stack.services import (
    BY_NAME,
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
    service_program,
)
from local_stack.state import StateDir
from local_stack.supervision import configuration

STATE = StateDir(Path("/srv/tapeline"))
ENDPOINTS = Endpoints(
    "127.0.0.1:20000",
    "postgresql://tapeline@/tapeline?host=/srv/tapeline/run/pg",
    {name: 21_000 + number for number, name in enumerate(PORT_NAMES)},
    "postgresql://tapeline_gateway@/tapeline?host=/srv/tapeline/run/pg",
    "postgresql://tapeline_writer@/tapeline?host=/srv/tapeline/run/pg",
)


def program(name: str, given: dict[str, str] | None = None) -> Program:
    return service_program(BY_NAME[name], STATE, ENDPOINTS, "/opt/java", given or {})


def test_a_service_gets_its_addresses_and_only_its_own_port():
    environment = program("api-gateway").environment
    assert environment["TAPELINE_KAFKA"] == "127.0.0.1:20000"
    assert environment["TAPELINE_POSTGRES"] == ENDPOINTS.gateway_postgres
    assert program("risk").environment["TAPELINE_POSTGRES"] == ENDPOINTS.writer_postgres
    assert environment["TAPELINE_HTTP_PORT"] == str(ENDPOINTS.ports["api-gateway"])
    assert environment["TAPELINE_ADMIN_PORT"] == str(ENDPOINTS.ports[GATEWAY_ADMIN])
    assert environment["TAPELINE_ADMIN_HOST"] == "127.0.0.1"
    assert environment["TAPELINE_STATE_DIR"] == "/srv/tapeline/services/api-gateway"
    assert environment["TAPELINE_AGGREGATOR_URL"] == f"http://127.0.0.1:{ENDPOINTS.ports['bar-aggregator']}"
    assert environment["JAVA_HOME"] == "/opt/java"


def test_who_listens_twice_holds_both_ports():
    assert ports_of({KAFKA, "risk"}) == {KAFKA, "kafka-controller", "risk"}
    assert ports_of({GATEWAY}) == {GATEWAY, GATEWAY_ADMIN}
    assert ports_of({service.name for service in SERVICES} | {KAFKA, PROMETHEUS}) == set(PORT_NAMES)


def test_settings_of_the_caller_pass_but_addresses_do_not():
    given = {"TAPELINE_RATE": "5000", "TAPELINE_KAFKA": "elsewhere:9092", "PATH": "/bin"}
    environment = program("producer", given).environment
    assert environment["TAPELINE_RATE"] == "5000"
    assert environment["TAPELINE_KAFKA"] == "127.0.0.1:20000"
    assert "PATH" not in environment


def test_the_simulator_has_defaults():
    environment = program("producer").environment
    assert (environment["TAPELINE_FEED"], environment["TAPELINE_RATE"]) == ("sim", "500")
    assert "TAPELINE_RATE" not in program("risk").environment


def test_everything_that_starts_is_stopped_once_and_foundations_last():
    stopped = [name for wave in STOP_WAVES for name in wave]
    assert sorted(stopped) == sorted([*BY_NAME, KAFKA, POSTGRES, PROMETHEUS, SCHEDULER])
    assert set(STOP_WAVES[-1]) == {KAFKA, POSTGRES}


def test_stopping_takes_less_than_ten_seconds_even_when_nobody_obeys():
    longest = [
        max(BY_NAME[name].stop_seconds for name in wave if name in BY_NAME) for wave in STOP_WAVES[:-1]
    ]
    assert sum(longest) + Program("kafka", []).stop_seconds <= 8


def read(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(text)
    return parser


def test_configuration_survives_spaces_quotes_and_percent_signs():
    odd = Program("odd", ["/bin/echo", "a b", "100%"], {"KEY": 'say "hi" 5%'})
    section = read(configuration(STATE, [odd]))["program:odd"]
    assert shlex.split(section["command"] % {}) == odd.command
    assert section["environment"] % {} == """KEY='say "hi" 5%'"""
    assert section["autostart"] == "false"
    assert section["autorestart"] == "true"


def test_a_value_that_supervisord_cannot_hold_is_refused():
    with pytest.raises(StackError, match="both kinds of quotes"):
        configuration(STATE, [Program("odd", ["x"], {"KEY": "'\""})])
