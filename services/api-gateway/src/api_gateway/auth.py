"""Who may ask: nothing but /healthz and /readyz is answered without the key."""

import hmac
import time
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from api_gateway.problems import ProblemError, answer

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
HEADER = b"x-api-key"
_BEARER = b"Bearer "
_LOOK_EVERY_S = 1.0


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
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            self._load()
        return hmac.compare_digest(given, self._key)

    def _load(self) -> None:
        """Raises OSError at start when there is no file; ValueError when the key is too short to be one."""
        self._looked = time.monotonic()
        mtime_ns = self._path.stat().st_mtime_ns
        if mtime_ns == self._mtime_ns:
            return
        key = self._path.read_bytes().strip()
        if len(key) < 16:
            raise ValueError(
                f"{self._path} holds {len(key)} bytes, a key has at least 16: run `tapeline up` again"
            )
        self._key, self._mtime_ns = key, mtime_ns


class KeyMiddleware:
    """Refuses requests without the key, in `X-API-Key` or, for Prometheus, as a bearer token."""

    def __init__(self, app: ASGIApp, keys: KeyFile) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._keys.accepts(_given(scope)):
            await self._app(scope, receive, send)
            return
        problem = ProblemError(401, "send the key of .tapeline/client.json in the header X-API-Key")
        await answer(scope, problem)(scope, receive, send)


def _given(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == HEADER:
            return value
        if name == b"authorization" and value.startswith(_BEARER):
            return value[len(_BEARER) :]
    return b""
