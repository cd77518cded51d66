"""Previous closes come from PostgreSQL: read at the start, when the date changes and now and then."""

from concurrent.futures import Future

from chassis.clock import Clock
from chassis.logs import get_logger
from endofday.core.day import Day
from endofday.core.running import running_date
from store.database import CONNECTION_LOST
from valuation.adapters.store import Store
from valuation.core.daily import Opening, instruments_of
from valuation.core.moments import from_us
from valuation.core.state import State

LOOK_EVERY_S = 10.0
"""A late correction of a close, rate or dividend shows up after so long."""
NEWS_EVERY_S = 1.0
"""Least time between two looks, also when something new is held or the date changed."""
log = get_logger(__name__)


class CloseWatch:
    """Keeps what the running day is compared with as it is stored."""

    def __init__(self, state: State, store: Store, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._clock = clock
        self._looked_at = float("-inf")
        self._finding: Future[Opening] | None = None

    def load(self) -> None:
        """Read at the start; without a market time there is no date yet."""
        self._begin()
        if self._finding is not None:
            self._state.take_opening(self._finding.result())
            self._finding = None

    def step(self) -> None:
        """Look when it is time. Never waits."""
        try:
            self._look()
        except CONNECTION_LOST as error:
            log.warning("the database does not answer, looking for closes again", error=repr(error))
            self._finding = None

    def _look(self) -> None:
        if self._finding is not None:
            if self._finding.done():
                found, self._finding = self._finding.result(), None
                self._state.take_opening(found)
            return
        ts_us = self._state.market_time_us
        if ts_us is None:
            return
        waited_s = self._clock.monotonic() - self._looked_at
        is_news = self._state.daily.is_outdated or not self._state.daily.covers(ts_us)
        if waited_s >= (NEWS_EVERY_S if is_news else LOOK_EVERY_S):
            self._begin()

    def _begin(self) -> None:
        if (ts_us := self._state.market_time_us) is None:
            return
        self._looked_at = self._clock.monotonic()
        # Whatever changes from here on is for the next look.
        self._state.daily.is_outdated = False
        symbols = self._state.books.symbols()
        day = Day(running_date(from_us(ts_us)), instruments_of(self._state.books, symbols))
        self._finding = self._store.find_opening(day, symbols)
