"""What a proposed limit would have done in the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from quant.limits import LimitLevels, LimitStanding, LimitStateName, limit_standing


@dataclass(frozen=True, slots=True)
class LimitEpisode:
    """A stretch in one state; `end` is when it was left, or the last moment known while it is still `open`.

    `worst` is the highest value of it, None when nothing was known.
    """

    state: LimitStateName
    start: datetime
    end: datetime
    open: bool
    worst: float | None

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class LimitTally:
    """Episodes of one state: number, total and longest duration, and how many ended within the bound."""

    count: int
    seconds: float
    longest_seconds: float
    false_alarms: int


@dataclass(frozen=True, slots=True)
class LimitBacktest:
    """A limit replayed over history: all episodes in order, and tallies of the states that matter."""

    observations: int
    episodes: tuple[LimitEpisode, ...]
    warning: LimitTally
    breach: LimitTally
    unknown: LimitTally


def backtest_limit(
    levels: LimitLevels, times: Sequence[datetime], values: Sequence[float | None], false_alarm_s: float
) -> LimitBacktest:
    """Replay a history of values through a limit.

    Inputs: levels; rising moments (T,) and the value at each, None where it was missing; the bound in seconds
    within which a WARNING or BREACH that ended counts as a false alarm.
    Output: episodes between transitions, the first from the first moment on. A value holds until the next.
    Edge cases: no history gives no episode. An episode still open is never a false alarm.
    Errors: ValueError when the lengths differ, the moments do not rise or the bound is negative.
    Source: docs/reference/limits.md, section Backtest.
    """
    if len(times) != len(values):
        raise ValueError(f"{len(times)} moments and {len(values)} values")
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError("the moments must rise")
    if false_alarm_s < 0:
        raise ValueError(f"the bound of a false alarm {false_alarm_s} must not be negative")
    episodes = tuple(_episodes(levels, times, values))
    return LimitBacktest(
        len(times),
        episodes,
        *(_tally(episodes, state, false_alarm_s) for state in ("WARNING", "BREACH", "UNKNOWN")),
    )


def _episodes(
    levels: LimitLevels, times: Sequence[datetime], values: Sequence[float | None]
) -> list[LimitEpisode]:
    found: list[LimitEpisode] = []
    standing: LimitStanding | None = None
    for moment, value in zip(times, values, strict=True):
        before, standing = standing, limit_standing(levels, standing, value)
        known = None if standing.state == "UNKNOWN" else value
        if before is not None and before.state == standing.state:
            last = found[-1]
            worst = max((one for one in (last.worst, known) if one is not None), default=None)
            found[-1] = LimitEpisode(last.state, last.start, moment, True, worst)
            continue
        if found:
            found[-1] = LimitEpisode(found[-1].state, found[-1].start, moment, False, found[-1].worst)
        found.append(LimitEpisode(standing.state, moment, moment, True, known))
    return found


def _tally(episodes: Sequence[LimitEpisode], state: LimitStateName, false_alarm_s: float) -> LimitTally:
    own = [episode for episode in episodes if episode.state == state]
    lengths = [episode.seconds for episode in own]
    return LimitTally(
        count=len(own),
        seconds=sum(lengths),
        longest_seconds=max(lengths, default=0.0),
        false_alarms=sum(not episode.open and episode.seconds <= false_alarm_s for episode in own),
    )
