"""The public keys of the identity provider: a JWKS file, or a JWKS document behind a pinned address."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
import jwt
from jwt import PyJWK

from chassis.logs import get_logger

ALGORITHMS = frozenset(
    {*(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)), "EdDSA"}
)
"""Asymmetric ones only: nobody who can check a token can make one."""
_LOOK_EVERY_S = 1.0
_FETCH_EVERY_S = 300.0
_FETCH_AGAIN_AFTER_S = 10.0
_TIMEOUT_S = 5.0
log = get_logger("api_gateway.signing_keys")


class SigningKeys(Protocol):
    """Where keys come from; `version` changes with them."""

    version: int

    def newest(self) -> Mapping[str, PyJWK]:
        """The keys by id, as far as they are known now."""
        ...

    def miss(self) -> None:
        """A token named a key that is not there: it may be a new one."""
        ...


def parse(document: str | bytes) -> dict[str, PyJWK]:
    """The keys of a JWKS by id; one that is symmetric, without id, or for encryption is left out.

    Raises: ValueError when it is no JWKS or has no key to check tokens with.
    """
    try:
        keys = [PyJWK.from_dict(one) for one in json.loads(document)["keys"] if _checks_tokens(one)]
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise ValueError(f"not a JWKS: {error!r}") from error
    found = {str(key.key_id): key for key in keys if key.algorithm_name in ALGORITHMS}
    if not found:
        raise ValueError("the JWKS has no asymmetric signing key with a kid")
    return found


def _checks_tokens(key: Mapping[str, Any]) -> bool:
    return bool(key.get("kid")) and key.get("use", "sig") == "sig" and key["kty"] != "oct"


class KeysInFile:
    """A JWKS file; a changed one is noticed within a second, a broken change is logged and not taken."""

    def __init__(self, path: Path) -> None:
        self.version = 0
        self._path, self._looked, self._mtime_ns = path, time.monotonic(), path.stat().st_mtime_ns
        self._keys = parse(path.read_bytes())

    def newest(self) -> Mapping[str, PyJWK]:
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            self._look()
        return self._keys

    def miss(self) -> None:
        """The file is looked at anyway."""

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            mtime_ns = self._path.stat().st_mtime_ns
            if mtime_ns == self._mtime_ns:
                return
            self._keys, self._mtime_ns = parse(self._path.read_bytes()), mtime_ns
            self.version += 1
        except (OSError, ValueError) as error:
            log.error("jwks_not_taken", path=str(self._path), error=str(error))


class KeysAtUrl:
    """A JWKS document that is fetched every five minutes, and soon after a token names an unknown key.

    The address comes from the settings alone: nothing in a token or request decides what is fetched.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.version = 0
        self._url, self._client = url, client
        self._keys: Mapping[str, PyJWK] = {}
        self._missed = asyncio.Event()

    def newest(self) -> Mapping[str, PyJWK]:
        return self._keys

    def miss(self) -> None:
        self._missed.set()

    async def watch(self) -> None:
        """Keep the keys fresh; never returns."""
        while True:
            await self.fetch()
            await asyncio.sleep(_FETCH_AGAIN_AFTER_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._missed.wait(), _FETCH_EVERY_S)

    async def fetch(self) -> None:
        """Take the document as it is now; one that cannot be had or read leaves the keys as they are."""
        self._missed.clear()
        try:
            answer = await self._client.get(self._url, timeout=_TIMEOUT_S, follow_redirects=False)
            answer.raise_for_status()
            found = parse(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            log.warning("jwks_not_taken", url=self._url, error=str(error))
            return
        self._keys = found
        self.version += 1
