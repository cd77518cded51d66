"""Runs the programs under supervisord: restarted with back-off, logs rotated, started and stopped by RPC."""

import os
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local_stack.errors import StackError
from local_stack.processes import STACK_VARIABLE
from local_stack.services import Program
from local_stack.state import StateDir
from local_stack.waiting import wait_until

# supervisord waits one second longer after each failed start; 20 of them are three and a half minutes.
_START_RETRIES = 20
# A program that ends sooner has failed to start.
_START_SECONDS = 5
_LOG_BYTES, _LOG_BACKUPS = 10_000_000, 2
_ALREADY_STARTED, _NOT_RUNNING, _BAD_NAME = 60, 70, 10


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says about one program. `pid` is 0 and `uptime_seconds` 0 where it does not run."""

    name: str
    state: str
    pid: int
    uptime_seconds: int
    note: str

    @property
    def is_running(self) -> bool:
        return self.state == "running"


def configuration(state: StateDir, programs: Iterable[Program]) -> str:
    """supervisord.conf for the programs; nothing starts by itself, since order is ours."""
    head = f"""\
[supervisord]
logfile={state.logs_dir}/supervisord.log
logfile_maxbytes=1000000
logfile_backups=1
pidfile={state.run_dir}/supervisord.pid
childlogdir={state.logs_dir}
identifier=tapeline
directory={state.root}
[unix_http_server]
file={_socket(state)}
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_program_section(state, program) for program in programs)


def _program_section(state: StateDir, program: Program) -> str:
    environment = ",".join(f"{name}={_quoted(value)}" for name, value in sorted(program.environment.items()))
    return f"""\
[program:{program.name}]
command={_escaped(shlex.join(program.command))}
environment={_escaped(environment)}
autostart=false
autorestart=true
startsecs={_START_SECONDS}
startretries={_START_RETRIES}
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={state.logs_dir}/{program.name}.log
stdout_logfile_maxbytes={_LOG_BYTES}
stdout_logfile_backups={_LOG_BACKUPS}
"""


def _quoted(value: str) -> str:
    """A value of supervisor's environment list, which has quotes but no escapes."""
    for quote in ('"', "'"):
        if quote not in value and "\n" not in value:
            return f"{quote}{value}{quote}"
    raise StackError(f"a setting may not hold both kinds of quotes or a line break: {value!r}", "change it")


def _escaped(text: str) -> str:
    return text.replace("%", "%%")  # supervisor expands %(name)s


def _socket(state: StateDir) -> Path:
    return state.socket_dir / "supervisor.sock"


class Supervisor:
    """The supervisord of one stack. Methods raise StackError when it does not answer."""

    def __init__(self, state: StateDir) -> None:
        self._state = state
        self._config = state.run_dir / "supervisord.conf"

    def _call(self, method: str, *arguments: Any) -> Any:
        """One request on a connection of its own: a kept one would not survive a restart of supervisord."""
        transport: Any = SupervisorTransport(None, None, f"unix://{_socket(self._state)}")
        server: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(server.supervisor, method)(*arguments)
        finally:
            transport.close()

    def answers(self) -> bool:
        try:
            return self._call("getState")["statename"] == "RUNNING"
        except (OSError, HTTPException, xmlrpc.client.Error):
            return False

    def ensure(self, programs: Iterable[Program]) -> list[str]:
        """Start supervisord or bring its programs in line; returns changed programs, which it stopped."""
        text = configuration(self._state, programs)
        if self.answers():
            if self._config.read_text() == text:
                return []
            self._config.write_text(text)
            return self._reload()
        self._config.write_text(text)
        self._config.chmod(0o600)
        self._launch()
        return []

    def start(self, name: str) -> bool:
        """Start a program unless it runs; returns whether it was started now. Does not wait for it."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _ALREADY_STARTED:
                return False
            raise StackError(
                f"{name} cannot be started: {fault.faultString}", f"tapeline logs {name}"
            ) from fault
        return True

    def stop(self, names: Iterable[str], timeout_seconds: float) -> list[str]:
        """Ask all to stop at once, wait; returns those still alive when the time is over."""
        asked = list(names)
        for name in asked:
            try:
                self._call("stopProcess", name, False)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode not in (_NOT_RUNNING, _BAD_NAME):
                    raise
        wait_until(lambda: not self._alive(asked), timeout_seconds, 0.05)
        return self._alive(asked)

    def programs(self) -> dict[str, ProgramState]:
        """State of every program; empty where supervisord does not run."""
        try:
            rows = self._call("getAllProcessInfo")
        except (OSError, HTTPException, xmlrpc.client.Error):
            return {}
        return {row["name"]: _program_state(row) for row in rows}

    def shut_down(self, timeout_seconds: float = 3) -> None:
        """End supervisord itself (after `stop`)."""
        try:
            pid = self._call("getPID")
            self._call("shutdown")
        except (OSError, HTTPException, xmlrpc.client.Error):
            return
        wait_until(lambda: not psutil.pid_exists(pid), timeout_seconds, 0.05)

    def _alive(self, names: Iterable[str]) -> list[str]:
        states = self.programs()
        return [name for name in names if name in states and states[name].pid]

    def _launch(self) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(self._config)]
        environment = {**_inherited(), STACK_VARIABLE: str(self._state.root)}
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0 or not wait_until(self.answers, 10):
            raise StackError(
                f"supervisord did not start: {(done.stderr or done.stdout).strip()[-500:]}",
                f"look into {self._state.logs_dir / 'supervisord.log'}, then `tapeline down`, `tapeline up`",
            )

    def _reload(self) -> list[str]:
        added, changed, removed = self._call("reloadConfig")[0]
        for name in [*changed, *removed]:
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("addProcessGroup", name)
        return list(changed)


def _inherited() -> dict[str, str]:
    """Our environment without TAPELINE_ settings: each program's section names its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TAPELINE_")}


def _program_state(row: Mapping[str, Any]) -> ProgramState:
    running = row["statename"] == "RUNNING"
    uptime = max(0, int(row["now"] - row["start"])) if running else 0
    return ProgramState(row["name"], row["statename"].lower(), int(row["pid"]), uptime, row["spawnerr"] or "")
