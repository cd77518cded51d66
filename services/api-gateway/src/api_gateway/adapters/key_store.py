"""SQL of API keys, sign-in links and sessions."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from api_gateway.core.keys import StoredKey
from store.bulk import insert_rows
from store.tables import ApiKey

# A session is over with the key that opened it; $1 stands for the platform's own key as its file is now.
_VALID = """
WITH standing AS (SELECT * FROM ops.api_key WHERE revoked_at IS NULL AND expires_at > now())
SELECT * FROM standing
 WHERE kind = 'key'
    OR kind = 'session'
   AND (issued_by = $1 OR issued_by IN (SELECT prefix FROM standing WHERE kind = 'key'))
"""
_LISTED = """
SELECT * FROM ops.api_key
 WHERE kind = 'key' AND ($1::timestamptz IS NULL OR (created_at, prefix) > ($1, $2::text))
   AND ($4::text[] IS NULL OR portfolios <@ $4::text[]::varchar[])
 ORDER BY created_at, prefix LIMIT $3
"""
# With a key ends all that it has made: who stole it may have made others with it, and those others again.
_REVOKE = """
WITH RECURSIVE made AS (
    SELECT prefix FROM ops.api_key WHERE prefix = $1
     UNION
    SELECT k.prefix FROM ops.api_key k JOIN made ON k.issued_by = made.prefix
)
UPDATE ops.api_key SET revoked_at = $2 WHERE prefix IN (SELECT prefix FROM made) AND revoked_at IS NULL
"""
_ONE = "SELECT * FROM ops.api_key WHERE prefix = $1"
_USE_LINK = """
UPDATE ops.api_key AS link SET revoked_at = $3
 WHERE prefix = $1 AND key_hash = $2 AND kind = 'link' AND revoked_at IS NULL AND expires_at > $3
   AND (issued_by = $4 OR EXISTS (
        SELECT 1 FROM ops.api_key AS maker
         WHERE maker.prefix = link.issued_by AND maker.kind = 'key'
           AND maker.revoked_at IS NULL AND maker.expires_at > $3))
RETURNING *
"""


class KeyStore:
    """ops.api_key over the gateway's pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def valid(self, platform: str) -> list[StoredKey]:
        """Keys and sessions that are neither revoked nor expired; `platform` made those of its own key."""
        return [_key(row) for row in await self._pool.fetch(_VALID, platform)]

    async def listed(
        self, after: tuple[datetime, str] | None, limit: int, within: Collection[str] | None
    ) -> list[StoredKey]:
        """Keys behind (created_at, prefix), the oldest first, that reach nothing beyond `within`."""
        moment, prefix = after or (None, "")
        reached = None if within is None else sorted(within)
        rows = await self._pool.fetch(_LISTED, moment, prefix, limit, reached)
        return [_key(row) for row in rows]

    async def found(self, prefix: str) -> StoredKey | None:
        """The key, link or session with this prefix."""
        row = await self._pool.fetchrow(_ONE, prefix)
        return None if row is None else _key(row)

    async def add(self, key: StoredKey) -> None:
        async with self._pool.acquire() as conn:
            await insert_rows(conn, ApiKey, [msgspec.structs.asdict(key)])

    async def revoke(self, prefix: str, moment: datetime) -> StoredKey | None:
        """End a key and all that it has made; None when there is no such key. A repeat changes nothing."""
        await self._pool.execute(_REVOKE, prefix, moment)
        return await self.found(prefix)

    async def use_link(
        self, prefix: str, key_hash: bytes, moment: datetime, platform: str
    ) -> StoredKey | None:
        """Use a sign-in link up; None when there is none, it or its key is over, or it was used before."""
        row = await self._pool.fetchrow(_USE_LINK, prefix, key_hash, moment, platform)
        return None if row is None else _key(row)


def _key(row: Mapping[str, Any]) -> StoredKey:
    return msgspec.convert(dict(row), StoredKey)
