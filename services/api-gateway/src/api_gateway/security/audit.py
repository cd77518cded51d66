"""Which requests leave an entry in the audit log.

Always: every change, signing in, and everything that is refused. Reads only where the settings say so: value
and VaR are asked thousands of times a second, and an entry for each would cost more than the answer and say
little.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import Scope

from api_gateway.adapters.audit_log import AuditLog
from api_gateway.core.audit import AuditEntry, plain, result_of
from api_gateway.core.principal import Principal
from api_gateway.core.rate import TokenBuckets
from api_gateway.security.caller import portfolio_named, signed_in
from api_gateway.security.same_origin import SAFE_METHODS
from api_gateway.trace import trace_of
from chassis.clock import Clock

STRANGER = "stranger"
SIGN_IN = "/signin"
"""A GET, because a link is one, and a deed all the same."""
_STRANGERS_PER_S, _STRANGERS_BURST = 5.0, 100
_UNMATCHED = "unmatched"
_DUE = "tapeline.audit"
Entry = Callable[[int], Awaitable[None]]
"""Writes the entry of a request, whose status is told."""


def entry_due(scope: Scope) -> Entry | None:
    """What is to be done when the status of a request is known; it is handed out once."""
    return scope.pop(_DUE, None)


class Audit:
    """Writes an entry when a request has been decided, before the answer is sent."""

    def __init__(self, log: AuditLog, clock: Clock, *, reads: bool) -> None:
        self._log, self._clock, self._reads = log, clock, reads
        # Whoever has no key at all must not be able to fill the disk.
        self._strangers = TokenBuckets(_STRANGERS_PER_S, _STRANGERS_BURST)
        self._unrecorded = 0

    def follow(self, scope: Scope, principal: Principal | None) -> None:
        """Have the entry written when the status is known. Reads of who reaches all are never refused."""
        if self._reads or principal is None or not principal.is_unlimited or _is_deed(scope):
            self.insist(scope, principal)

    def insist(self, scope: Scope, principal: Principal | None) -> None:
        """The same for a request that is refused already."""
        scope[_DUE] = partial(self.record, scope, principal)

    async def record(self, scope: Scope, principal: Principal | None, status: int) -> None:
        """Write the entry of a request, if it needs one."""
        principal = signed_in(scope) or principal
        result = result_of(status, has_limits=principal is None or principal.portfolios is not None)
        is_deed = _is_deed(scope)
        if not is_deed and result != "denied" and not self._reads:
            return
        if principal is None and self._strangers.wait_s(STRANGER, time.monotonic()):
            self._unrecorded += 1
            return
        entry = self._entry(scope, principal, status)
        if is_deed:
            await self._log.write(entry)
        else:
            self._log.note(entry)

    def _entry(self, scope: Scope, principal: Principal | None, status: int) -> AuditEntry:
        client, portfolio_id = scope.get("client"), portfolio_named(scope)
        details = {"client": client[0] if client else None}
        if principal is None and self._unrecorded:
            details["unrecorded_before"], self._unrecorded = self._unrecorded, 0
        return AuditEntry(
            at=self._clock.now(),
            principal=STRANGER if principal is None else plain(principal.name),
            credential="" if principal is None else plain(principal.credential_id),
            method=plain(scope["method"]),
            route=getattr(scope.get("route"), "path", _UNMATCHED),
            path=plain(scope["path"]),
            portfolio_id=None if portfolio_id is None else plain(portfolio_id),
            status=status,
            result=result_of(status, has_limits=principal is None or principal.portfolios is not None),
            trace_id=trace_of(scope),
            details=details,
        )


def _is_deed(scope: Scope) -> bool:
    return scope["method"] not in SAFE_METHODS or scope["path"] == SIGN_IN
