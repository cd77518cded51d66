"""Secrets that lie in a file: the key of the platform itself, and the pepper of all other keys."""

import hmac
import time
from pathlib import Path

from api_gateway.core.principal import Principal

LEAST_BYTES = 16
_LOOK_EVERY_S = 1.0
PLATFORM = Principal("platform", "platform", "file", frozenset({"admin"}), None)
"""Who holds the key in the file: the command line, Prometheus, whoever runs the platform."""


def read_secret(path: Path) -> bytes:
    """Raises OSError when there is no file; ValueError when it is too short to hold a secret."""
    secret = path.read_bytes().strip()
    if len(secret) < LEAST_BYTES:
        raise ValueError(
            f"{path} holds {len(secret)} bytes, a secret has at least {LEAST_BYTES}: run `tapeline up` again"
        )
    return secret


class KeyFile:
    """The key in a file; a changed file is noticed within a second, so a new key needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mtime_ns = -1
        self._looked = 0.0
        self._key = b""
        self._load()

    def accepts(self, given: bytes) -> bool:
        """Whether this is the key; takes equally long for every wrong one."""
        return hmac.compare_digest(given, self.newest())

    def newest(self) -> bytes:
        """The key as it is in the file."""
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            self._load()
        return self._key

    def _load(self) -> None:
        """Raises OSError at start when there is no file; ValueError when the key is too short to be one."""
        self._looked = time.monotonic()
        mtime_ns = self._path.stat().st_mtime_ns
        if mtime_ns != self._mtime_ns:
            self._key, self._mtime_ns = read_secret(self._path), mtime_ns
