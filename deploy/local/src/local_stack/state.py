"""Where a local stack keeps everything it writes: one directory, git-ignored, private to its owner."""

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_stack.errors import StackError

HOME_VARIABLE = "TAPELINE_HOME"
# struct sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the closing zero.
_LONGEST_SOCKET_PATH = 100
_LONGEST_SOCKET_NAME = len("/pg/.s.PGSQL.5432")


def checkout_root() -> Path:
    """The checkout this package is installed from (always editable, see `make install`)."""
    root = Path(__file__).resolve().parents[4]
    if not (root / "contracts" / "topics").is_dir():
        raise StackError(f"{root} is not a checkout of Tapeline", "run `make install` in the checkout")
    return root


@dataclass(frozen=True)
class StateDir:
    """Layout of one stack's directory."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StateDir":
        """$TAPELINE_HOME, else .tapeline in the checkout."""
        named = environment.get(HOME_VARIABLE)
        return cls(Path(named).expanduser().resolve() if named else checkout_root() / ".tapeline")

    @property
    def client_file(self) -> Path:
        return self.root / "client.json"

    @property
    def key_file(self) -> Path:
        return self.root / "api-key"

    @property
    def pepper_file(self) -> Path:
        return self.root / "key-pepper"

    @property
    def ports_file(self) -> Path:
        return self.root / "ports.json"

    @property
    def kafka_dir(self) -> Path:
        return self.root / "kafka"

    @property
    def postgres_dir(self) -> Path:
        return self.root / "postgres"

    @property
    def lake_dir(self) -> Path:
        return self.root / "lake"

    @property
    def jars_dir(self) -> Path:
        return self.root / "jars"

    @property
    def java_dir(self) -> Path:
        return self.root / "java"

    @property
    def logs_dir(self) -> Path:
        return self.root / "logs"

    @property
    def run_dir(self) -> Path:
        return self.root / "run"

    def service_dir(self, name: str) -> Path:
        """Private directory of one service."""
        return self.root / "services" / name

    @property
    def socket_dir(self) -> Path:
        """Directory for Unix sockets; a short one elsewhere where the state directory's path is too long."""
        if len(os.fsencode(self.run_dir)) + _LONGEST_SOCKET_NAME <= _LONGEST_SOCKET_PATH:
            return self.run_dir
        identity = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(base) / f"tapeline-{os.geteuid()}-{identity}"

    @property
    def postgres_socket_dir(self) -> Path:
        """A directory of its own: it may belong to another account, see DatabaseServer."""
        return self.socket_dir / "pg"

    def make(self) -> None:
        """Create the directories. Raises StackError where a socket directory belongs to somebody else."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for directory in (self.logs_dir, self.run_dir, self.lake_dir, self.socket_dir):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = self.socket_dir.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise StackError(
                f"{self.socket_dir} is not a directory of yours",
                f"remove it, or set {HOME_VARIABLE} to a short path",
            )


def read_json(path: Path) -> dict[str, Any]:
    """Content of a JSON file of ours; empty where there is none. Raises StackError where it is damaged."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StackError(f"{path} is damaged: {error}", f"remove {path} and run `tapeline up`") from error
    if not isinstance(content, dict):
        raise StackError(f"{path} must hold an object", f"remove {path} and run `tapeline up`")
    return content


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all or nothing. Does nothing where it already says so."""
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text() == text:
        return
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_private(path, json.dumps(content, indent=2) + "\n")
