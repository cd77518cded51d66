"""All limits: evaluated on each live risk message, and on the passing of market time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from contracts import LimitEvent, RiskReport, Valuation
from measuring.core.definitions import Definition, LimitBooks, levels_at
from measuring.core.readings import Reading, read, unit_of
from quant import FactorMatrix
from quant.limits import LimitLevels, LimitStateName
from risk.core.limits.tracks import Observation, Track, after, next_event

FactorsOf = Callable[[Valuation], FactorMatrix | None]


@dataclass(frozen=True, slots=True)
class Status:
    """A limit as it stands now."""

    limit: Definition
    track: Track
    reading: Reading | None
    levels: LimitLevels
    as_of: datetime | None


class LimitBook:
    """Definitions, states and newest readings; `evaluate` and `pass_time` give the events to record.

    Only live values are evaluated: an official value is of the past when it comes, so two kinds would contend
    for one state.
    """

    def __init__(self) -> None:
        self.books = LimitBooks()
        self.market_time: datetime | None = None
        self.recorded_at: datetime | None = None
        self._by_portfolio: dict[str, list[Definition]] = {}
        self._tracks: dict[str, Track] = {}
        self._readings: dict[str, tuple[Reading, datetime]] = {}
        self._newest: dict[str, tuple[Valuation, RiskReport]] = {}

    def replace(self, books: LimitBooks) -> None:
        """Take in new definitions, raises and deeds; states stay."""
        by_portfolio: dict[str, list[Definition]] = {}
        for limit in sorted(books.definitions, key=lambda one: one.limit_id):
            by_portfolio.setdefault(limit.portfolio_id, []).append(limit)
        self._by_portfolio, self.books = by_portfolio, books

    def restore(self, events: Iterable[LimitEvent]) -> None:
        """Take over states from recorded events, in the order of their sequence."""
        for event in events:
            self._tracks[event.limit_id] = after(self._tracks.get(event.limit_id, Track()), event)

    def evaluate(
        self, valuation: Valuation, report: RiskReport, factors: FactorsOf, recorded_at: datetime
    ) -> list[LimitEvent]:
        """Events of one live valuation with its report; none for an official one or for the past."""
        newest = self._newest.get(valuation.portfolio_id)
        if valuation.basis != "last" or (newest is not None and valuation.as_of < newest[0].as_of):
            return []
        self._newest[valuation.portfolio_id] = (valuation, report)
        self.recorded_at = recorded_at
        self.market_time = max(self.market_time or valuation.as_of, valuation.as_of)
        return self._judge(valuation, report, factors, recorded_at)

    def evaluate_again(self, factors: FactorsOf, recorded_at: datetime) -> list[LimitEvent]:
        """Events of changed definitions or raises, on the newest value of every portfolio."""
        return [
            event
            for valuation, report in self._newest.values()
            for event in self._judge(valuation, report, factors, recorded_at)
        ]

    def pass_time(self, recorded_at: datetime) -> list[LimitEvent]:
        """Events of portfolios whose value has become too old against the market time of the newest one."""
        events: list[LimitEvent] = []
        for portfolio_id, (valuation, _) in self._newest.items():
            for limit in self._by_portfolio.get(portfolio_id, ()):
                if (old := self._too_old(limit, valuation)) is not None and self.market_time is not None:
                    events += self._settle(limit, old, self.market_time, recorded_at, valuation.valuation_id)
        return events

    def of_portfolio(self, portfolio_id: str) -> list[Status]:
        """The limits of a portfolio, by id."""
        return [self._status(limit) for limit in self._by_portfolio.get(portfolio_id, ())]

    def status(self, limit_id: str) -> Status | None:
        """One limit."""
        for limits in self._by_portfolio.values():
            for limit in limits:
                if limit.limit_id == limit_id:
                    return self._status(limit)
        return None

    def count_by_state(self) -> dict[str, int]:
        """How many limits are in each state; one that was never judged is UNKNOWN."""
        counts = dict.fromkeys(get_args(LimitStateName), 0)
        for limit in self.books.definitions:
            standing = self._tracks.get(limit.limit_id, Track()).standing
            counts["UNKNOWN" if standing is None else standing.state] += 1
        return counts

    def oldest_breach_age_s(self) -> float:
        """Market time since the oldest open breach began; 0 without one."""
        if self.market_time is None:
            return 0.0
        tracks = (self._tracks.get(limit.limit_id, Track()) for limit in self.books.definitions)
        opened = [breach.opened_at for track in tracks if (breach := track.open_breach) is not None]
        return max(0.0, (self.market_time - min(opened)).total_seconds()) if opened else 0.0

    def _status(self, limit: Definition) -> Status:
        reading, as_of = self._readings.get(limit.limit_id, (None, None))
        raises = self.books.raises.get(limit.limit_id, ())
        levels = limit.levels if as_of is None else levels_at(limit, raises, as_of)
        return Status(limit, self._tracks.get(limit.limit_id, Track()), reading, levels, as_of)

    def _judge(
        self, valuation: Valuation, report: RiskReport, factors: FactorsOf, recorded_at: datetime
    ) -> list[LimitEvent]:
        events: list[LimitEvent] = []
        for limit in self._by_portfolio.get(valuation.portfolio_id, ()):
            reading, moment = self._too_old(limit, valuation), self.market_time
            if reading is None or moment is None:
                matrix = None if limit.scope == "portfolio" else factors(valuation)
                reading, moment = read(limit, valuation, report, matrix), valuation.as_of
            events += self._settle(limit, reading, moment, recorded_at, valuation.valuation_id)
        return events

    def _settle(
        self, limit: Definition, reading: Reading, as_of: datetime, recorded_at: datetime, valuation_id: str
    ) -> list[LimitEvent]:
        """The events of one reading, applied; a reading from before the present state is not looked at."""
        track = self._tracks.get(limit.limit_id, Track())
        if track.since is not None and as_of < track.since:
            return []
        levels = levels_at(limit, self.books.raises.get(limit.limit_id, ()), as_of)
        seen = Observation(reading, levels, as_of, recorded_at, valuation_id)
        events: list[LimitEvent] = []
        # A state that goes back to an old breach can escalate it in the same moment.
        while (event := next_event(limit, track, seen)) is not None:
            events.append(event)
            track = after(track, event)
        self._tracks[limit.limit_id] = track
        self._readings[limit.limit_id] = (reading, as_of)
        return events

    def _too_old(self, limit: Definition, valuation: Valuation) -> Reading | None:
        if self.market_time is None or self.market_time - valuation.as_of <= timedelta(
            seconds=limit.max_age_s
        ):
            return None
        age_s = (self.market_time - valuation.as_of).total_seconds()
        message = f"the newest value is {age_s:.0f} s behind the market, the limit allows {limit.max_age_s:g}"
        return Reading(None, unit_of(limit, valuation), "stale", message)
