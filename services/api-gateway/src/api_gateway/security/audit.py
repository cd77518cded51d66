"""Which requests leave an entry in the audit log.

Always: every change, and everything that is refused. Reads only where the settings say so: value and VaR are
asked thousands of times a second, and an entry for each would cost more than the answer and say little.
"""

import time

from starlette.types import Message, Scope, Send

from api_gateway.adapters.audit_log import AuditLog
from api_gateway.core.audit import AuditEntry, result_of
from api_gateway.core.principal import Principal
from api_gateway.core.rate import TokenBuckets
from api_gateway.security.caller import portfolio_named
from api_gateway.security.same_origin import SAFE_METHODS
from api_gateway.trace import trace_of
from chassis.clock import Clock

STRANGER = "stranger"
_STRANGERS_PER_S, _STRANGERS_BURST = 5.0, 100
_UNMATCHED = "unmatched"


class Audit:
    """Writes an entry when a request has been decided, before the answer is sent."""

    def __init__(self, log: AuditLog, clock: Clock, *, reads: bool) -> None:
        self._log, self._clock, self._reads = log, clock, reads
        # Whoever has no key at all must not be able to fill the disk.
        self._strangers = TokenBuckets(_STRANGERS_PER_S, _STRANGERS_BURST)
        self._unrecorded = 0

    def watches(self, scope: Scope, principal: Principal | None) -> bool:
        """Whether a request may need an entry; for the others nothing is done at all."""
        if principal is None or not principal.is_unlimited or scope["method"] not in SAFE_METHODS:
            return True
        return self._reads

    def recorded(self, scope: Scope, principal: Principal | None, send: Send) -> Send:
        """`send` that writes the entry when the answer begins."""

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self.record(scope, principal, message["status"])
            await send(message)

        return recording

    async def record(self, scope: Scope, principal: Principal | None, status: int) -> None:
        """Write the entry of a request, if it needs one."""
        has_limits = principal is None or principal.portfolios is not None
        result = result_of(status, has_limits=has_limits)
        is_read = scope["method"] in SAFE_METHODS
        if is_read and result != "denied" and not self._reads:
            return
        if principal is None and self._strangers.wait_s(STRANGER, time.monotonic()):
            self._unrecorded += 1
            return
        client = scope.get("client")
        details = {"client": client[0] if client else None}
        if principal is None and self._unrecorded:
            details["unrecorded_before"], self._unrecorded = self._unrecorded, 0
        entry = AuditEntry(
            at=self._clock.now(),
            principal=STRANGER if principal is None else principal.name,
            credential="" if principal is None else principal.credential_id,
            method=scope["method"],
            route=getattr(scope.get("route"), "path", _UNMATCHED),
            path=scope["path"],
            portfolio_id=portfolio_named(scope),
            status=status,
            result=result,
            trace_id=trace_of(scope),
            details=details,
        )
        if is_read:
            self._log.note(entry)
        else:
            await self._log.write(entry)
