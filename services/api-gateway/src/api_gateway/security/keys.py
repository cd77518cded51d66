"""Keys, sign-in links and sessions over their life: made, known, used up, revoked."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from api_gateway.adapters.key_store import KeyStore
from api_gateway.core.keys import KeyRing, Kind, StoredKey, digest, new_key, prefix_of
from api_gateway.core.principal import ALL_PORTFOLIOS, Principal, Scope
from chassis.clock import Clock
from chassis.logs import get_logger

REFRESH_EVERY_S = 10.0
LINK_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(hours=12)
log = get_logger("api_gateway.keys")


class Keys:
    """The stored keys and the ring that is asked at the door.

    What is made or revoked here is known at once, what another gateway makes or revokes within ten seconds.
    While the database is away the known keys go on being valid until they expire.
    """

    def __init__(
        self, store: KeyStore, pepper: bytes, clock: Clock, platform_key: Callable[[], bytes] = bytes
    ) -> None:
        self.ring = KeyRing(pepper)
        self._store, self._pepper, self._clock = store, pepper, clock
        self._platform_key = platform_key

    async def watch(self) -> None:
        """Keep the ring as the table is; never returns."""
        while True:
            try:
                await self._refresh()
            except Exception as error:  # the known keys stay valid, the next look may succeed
                log.warning("keys_not_read", error=repr(error))
            await asyncio.sleep(REFRESH_EVERY_S)

    async def create(
        self,
        owner: str,
        scopes: tuple[Scope, ...],
        portfolios: tuple[str, ...],
        lasts: timedelta,
        by: Principal,
    ) -> tuple[str, StoredKey]:
        """A new key, whose text is told only now, and its row."""
        until = self._clock.now() + lasts
        text, row = self._make("key", owner, scopes, portfolios, until, by.credential_id)
        await self._store.add(row)
        await self._refresh()
        return text, row

    async def listed(
        self, after: tuple[datetime, str] | None, limit: int, within: Collection[str] | None
    ) -> list[StoredKey]:
        return await self._store.listed(after, limit, within)

    async def found(self, prefix: str) -> StoredKey | None:
        return await self._store.found(prefix)

    async def revoke(self, prefix: str) -> StoredKey | None:
        """End a key, and the keys, sessions and links made with it; None when there is no such key."""
        revoked = await self._store.revoke(prefix, self._clock.now())
        await self._refresh()
        return revoked

    async def make_link(self, by: Principal) -> tuple[str, StoredKey]:
        """A token that opens one session of the same principal within ten minutes."""
        scopes = tuple(sorted(by.scopes))
        portfolios = (ALL_PORTFOLIOS,) if by.portfolios is None else tuple(sorted(by.portfolios))
        until = self._clock.now() + LINK_LASTS
        issued_by = self._platform() if by.kind == "platform" else by.credential_id
        text, row = self._make("link", by.name, scopes, portfolios, until, issued_by)
        await self._store.add(row)
        return text, row

    async def sign_in(self, token: str) -> tuple[str, StoredKey] | None:
        """Use a link up and open its session; None for a link that is wrong, used or expired."""
        given = token.encode(errors="replace")
        prefix = prefix_of(given)
        if prefix is None:
            return None
        hashed = digest(self._pepper, given)
        link = await self._store.use_link(prefix, hashed, self._clock.now(), self._platform())
        if link is None:
            return None
        until = self._clock.now() + SESSION_LASTS
        text, row = self._make("session", link.owner, link.scopes, link.portfolios, until, link.issued_by)
        await self._store.add(row)
        await self._refresh()
        return text, row

    async def _refresh(self) -> None:
        self.ring.replace(await self._store.valid(self._platform()))

    def _platform(self) -> str:
        """Stands for the platform's own key as its file is now; its sessions end when that changes."""
        return f"file:{digest(self._pepper, self._platform_key()).hex()[:16]}"

    def _make(
        self,
        kind: Kind,
        owner: str,
        scopes: tuple[Scope, ...],
        portfolios: tuple[str, ...],
        until: datetime,
        issued_by: str,
    ) -> tuple[str, StoredKey]:
        text = new_key()
        row = StoredKey(
            prefix=text.split("_")[1],
            key_hash=digest(self._pepper, text.encode()),
            kind=kind,
            owner=owner,
            scopes=scopes,
            portfolios=portfolios,
            issued_by=issued_by,
            created_at=self._clock.now(),
            expires_at=until,
        )
        return text, row
