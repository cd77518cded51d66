"""Splits are loaded straight into PostgreSQL: looks for new ones and lets the state know."""

from concurrent.futures import Future

from chassis.clock import Clock
from chassis.logs import get_logger
from store.database import CONNECTION_LOST
from valuation.adapters.store import Store
from valuation.core.progress import Place, Progress
from valuation.core.splits import SplitRecord
from valuation.core.state import State

PLACE: Place = ("ops.corporate_action", 0)
"""Progress on splits, kept like that on a topic: the offset is the number of rows taken in.

So the effects of new splits are stored before they count as done; a crash in between makes them due again.
"""

LOOK_EVERY_S = 1.0
log = get_logger(__name__)

Found = tuple[list[SplitRecord], int]


class SplitWatch:
    """Asks for the number of splits about once a second, and for the splits when it changed."""

    def __init__(self, state: State, progress: Progress, store: Store, clock: Clock) -> None:
        self._state = state
        self._progress = progress
        self._store = store
        self._clock = clock
        self._looked_at = clock.monotonic()
        self._counting: Future[int] | None = None
        self._finding: Future[Found] | None = None

    def load(self) -> None:
        """Take in what is stored, at the start. What came since the last checkpoint is news."""
        found = self._store.find_splits().result()
        self._take(found, again=found[1] != self._progress.read[PLACE])

    def step(self) -> bool:
        """Look when it is time; tells whether there was something new. Never waits."""
        try:
            return self._look()
        except CONNECTION_LOST as error:
            log.warning("the database does not answer, looking for splits again", error=repr(error))
            self._counting = self._finding = None
            return False

    def _look(self) -> bool:
        if self._finding is not None:
            if not self._finding.done():
                return False
            found, self._finding = self._finding.result(), None
            self._take(found, again=False)
            return True
        if self._counting is not None and self._counting.done():
            count, self._counting = self._counting.result(), None
            if count != self._progress.read[PLACE]:
                self._finding = self._store.find_splits()
        elif self._counting is None and self._clock.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = self._clock.monotonic()
            self._counting = self._store.count_splits()
        return False

    def _take(self, found: Found, *, again: bool) -> None:
        records, count = found
        self._state.take_splits(records, again=again)
        self._progress.take(PLACE, count)
        log.info("splits taken in", count=len(records))
