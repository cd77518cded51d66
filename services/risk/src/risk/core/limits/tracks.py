"""The state of one limit, folded from its events: a restart goes on where the last event left it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from contracts import LimitEvent
from measuring.core.definitions import Definition
from measuring.core.readings import Reading
from quant.limits import (
    ArmedState,
    LimitLevels,
    LimitStanding,
    LimitStateName,
    limit_severity,
    limit_standing,
)


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach: the event that opened it, when by market time and by ours, how severe, since when cured."""

    breach_id: str
    opened_at: datetime
    opened_recorded_at: datetime
    severity: int
    cured_at: datetime | None = None
    cured_recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """Where a limit stands: after `sequence` events, in this state since market time `since`."""

    sequence: int = 0
    standing: LimitStanding | None = None
    since: datetime | None = None
    breach: Breach | None = None

    @property
    def open_breach(self) -> Breach | None:
        """The newest breach unless the value has come back."""
        return None if self.breach is None or self.breach.cured_at is not None else self.breach


@dataclass(frozen=True, slots=True)
class Observation:
    """One reading of a limit: of which market time and valuation, against which levels."""

    reading: Reading
    levels: LimitLevels
    as_of: datetime
    recorded_at: datetime
    valuation_id: str


def after(track: Track, event: LimitEvent) -> Track:
    """The state after an event; the only way a state changes."""
    armed = cast(ArmedState, event.armed_state)
    since = track.since if event.kind == "escalation" else event.as_of
    return Track(event.sequence or 0, LimitStanding(event.state, armed), since, _breach_after(track, event))


def _breach_after(track: Track, event: LimitEvent) -> Breach | None:
    if event.breach_id is None:
        return track.breach
    if event.breach_id == event.event_id or track.breach is None:
        opened_at = event.breach_opened_at or event.as_of
        found = Breach(event.breach_id, opened_at, event.recorded_at, event.severity or 1)
    else:
        found = replace(track.breach, severity=event.severity or track.breach.severity)
    if event.armed_state == "BREACH":
        return found
    return replace(found, cured_at=event.as_of, cured_recorded_at=event.recorded_at)


def next_event(
    limit: Definition,
    track: Track,
    seen: Observation,
) -> LimitEvent | None:
    """What one reading changes first: nothing, the state, or the severity of an open breach."""
    standing = limit_standing(seen.levels, track.standing, seen.reading.value)
    if track.standing is not None and standing.state == track.standing.state:
        return _escalation(limit, track, seen)
    previous = None if track.standing is None else track.standing.state
    breach = track.open_breach
    if breach is None and standing.armed == "BREACH":
        breach = Breach(_event_id(limit, track), seen.as_of, seen.recorded_at, 1)
    return _event(limit, track, seen, _Change("transition", standing, previous, breach))


def _escalation(limit: Definition, track: Track, seen: Observation) -> LimitEvent | None:
    breach, standing = track.open_breach, track.standing
    if breach is None or standing is None:
        return None
    severity = limit_severity((seen.as_of - breach.opened_at).total_seconds(), limit.escalate_after_s)
    if severity <= breach.severity:
        return None
    worse = replace(breach, severity=severity)
    return _event(limit, track, seen, _Change("escalation", standing, standing.state, worse))


@dataclass(frozen=True, slots=True)
class _Change:
    """What an event says: the new standing, and the breach it opens, goes on with, escalates or cures."""

    kind: str
    standing: LimitStanding
    previous: LimitStateName | None
    breach: Breach | None


def _event_id(limit: Definition, track: Track) -> str:
    return f"{limit.limit_id}:{track.sequence + 1}"


def _event(limit: Definition, track: Track, seen: Observation, change: _Change) -> LimitEvent:
    breach, reading = change.breach, seen.reading
    return LimitEvent(
        event_id=_event_id(limit, track),
        kind=change.kind,
        state=change.standing.state,
        previous_state=change.previous,
        armed_state=change.standing.armed,
        breach_id=None if breach is None else breach.breach_id,
        breach_opened_at=None if breach is None else breach.opened_at,
        severity=None if breach is None else breach.severity,
        limit_id=limit.limit_id,
        portfolio_id=limit.portfolio_id,
        scope=limit.scope,
        scope_value=limit.scope_value,
        measure=limit.measure,
        parameters=",".join(f"{name}={limit.parameters[name]}" for name in sorted(limit.parameters)),
        sequence=track.sequence + 1,
        value=reading.value,
        unit=reading.unit,
        reason=reading.reason,
        message=reading.message,
        warning_level=seen.levels.warning,
        hard_level=seen.levels.hard,
        as_of=seen.as_of,
        recorded_at=seen.recorded_at,
        valuation_id=seen.valuation_id,
    )
