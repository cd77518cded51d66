"""Whether this process may still publish."""

from chassis.clock import Clock
from chassis.logs import get_logger
from valuation.adapters.store import Store

PAUSE_MAX_S = 1.0
log = get_logger(__name__)


class Lease:
    """Our ownership of the partitions, doubted after every pause.

    PostgreSQL refuses the writes of a process that was replaced; Kafka would take its messages. So a process
    that stood still for a while (stopped, swapped out) asks PostgreSQL before it sends anything.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._confirmed_at = clock.monotonic()

    def confirm(self) -> None:
        """Call in every turn and right before sending. Raises Fenced when another process has taken over."""
        paused_s = self._clock.monotonic() - self._confirmed_at
        if paused_s > PAUSE_MAX_S:
            log.warning("the process stood still", seconds=round(paused_s, 1))
            self._store.check_owner()
        self._confirmed_at = self._clock.monotonic()
