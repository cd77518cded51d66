"""Security as the settings want it."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from api_gateway.adapters.audit_log import AuditLog
from api_gateway.adapters.key_store import KeyStore
from api_gateway.core.rate import TokenBuckets
from api_gateway.security.audit import Audit
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile, read_secret
from api_gateway.security.keys import Keys
from api_gateway.security.signing_keys import KeysAtUrl, KeysInFile
from api_gateway.security.tokens import Issuer, Tokens
from api_gateway.settings import Settings
from chassis.clock import Clock

Work = list[Coroutine[Any, Any, None]]


def security_of(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> tuple[Security, Work]:
    """What the door asks, and the work that has to run beside it.

    Raises OSError or ValueError for a file of keys that is missing or holds none.
    """
    key_file = KeyFile(settings.api_key_file)
    keys = Keys(KeyStore(pool), read_secret(settings.key_pepper_file), clock, key_file.newest)
    audit_log = AuditLog(pool)
    tokens, fetching = _tokens(settings)
    security = Security(
        key_file,
        keys,
        tokens,
        Audit(audit_log, clock, reads=settings.audit_reads),
        TokenBuckets(settings.requests_per_s, settings.burst_requests),
        settings.https,
    )
    return security, [keys.watch(), audit_log.run(), *fetching]


def _tokens(settings: Settings) -> tuple[Tokens | None, Work]:
    if not settings.jwt_issuer:
        return None, []
    issuer = Issuer(settings.jwt_issuer, settings.jwt_audience)
    if "://" not in settings.jwt_keys:
        return Tokens(issuer, KeysInFile(Path(settings.jwt_keys))), []
    keys = KeysAtUrl(settings.jwt_keys, httpx.AsyncClient())
    return Tokens(issuer, keys), [keys.watch()]
