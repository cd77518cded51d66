"""SQL of API keys, sign-in links and sessions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from api_gateway.core.keys import StoredKey
from store.bulk import insert_rows
from store.tables import ApiKey

# A session is over with the key that opened it; the platform's own key is in a file.
_VALID = """
WITH standing AS (SELECT * FROM ops.api_key WHERE revoked_at IS NULL AND expires_at > now())
SELECT * FROM standing
 WHERE kind = 'key'
    OR kind = 'session'
   AND (issued_by = 'file' OR issued_by IN (SELECT prefix FROM standing WHERE kind = 'key'))
"""
_LISTED = "SELECT * FROM ops.api_key WHERE kind = 'key' ORDER BY created_at, prefix"
# Links and sessions of a key end with it.
_REVOKE = """
UPDATE ops.api_key SET revoked_at = $2 WHERE (prefix = $1 OR issued_by = $1) AND revoked_at IS NULL
"""
_ONE = "SELECT * FROM ops.api_key WHERE prefix = $1"
_USE_LINK = """
UPDATE ops.api_key SET revoked_at = $3
 WHERE prefix = $1 AND key_hash = $2 AND kind = 'link' AND revoked_at IS NULL AND expires_at > $3
RETURNING *
"""


class KeyStore:
    """ops.api_key over the gateway's pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def valid(self) -> list[StoredKey]:
        """Keys and sessions that are neither revoked nor expired."""
        return [_key(row) for row in await self._pool.fetch(_VALID)]

    async def listed(self) -> list[StoredKey]:
        """Every key there ever was, oldest first."""
        return [_key(row) for row in await self._pool.fetch(_LISTED)]

    async def add(self, key: StoredKey) -> None:
        async with self._pool.acquire() as conn:
            await insert_rows(conn, ApiKey, [msgspec.structs.asdict(key)])

    async def revoke(self, prefix: str, moment: datetime) -> StoredKey | None:
        """End a key and what it has opened; None when there is no such key. A repeat changes nothing."""
        await self._pool.execute(_REVOKE, prefix, moment)
        row = await self._pool.fetchrow(_ONE, prefix)
        return None if row is None else _key(row)

    async def use_link(self, prefix: str, key_hash: bytes, moment: datetime) -> StoredKey | None:
        """Use a sign-in link up; None when there is none, it is expired, or it was used before."""
        row = await self._pool.fetchrow(_USE_LINK, prefix, key_hash, moment)
        return None if row is None else _key(row)


def _key(row: Mapping[str, Any]) -> StoredKey:
    return msgspec.convert(dict(row), StoredKey)
