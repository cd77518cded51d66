"""The state of one limit, folded from its events: a restart goes on where the last event left it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from contracts import LimitEvent
from quant.limit_lifecycle import LimitRaise, raised_level
from quant.limits import ArmedState, LimitLevels, LimitStanding, limit_severity, limit_standing
from risk.core.limits.definitions import Definition
from risk.core.limits.readings import Reading


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


def levels_at(limit: Definition, raises: Sequence[LimitRaise], at: datetime) -> LimitLevels:
    """The levels in force at a market time, with the raises that hold."""
    return replace(limit.levels, hard=raised_level(limit.levels.hard, raises, at))


def next_event(
    limit: Definition,
    track: Track,
    seen: Observation,
) -> LimitEvent | None:
    """What one reading changes first: nothing, the state, or the severity of an open breach."""
    standing = limit_standing(seen.levels, track.standing, seen.reading.value)
    if track.standing is not None and standing.state == track.standing.state:
        return _escalation(limit, track, seen)
    event_id = f"{limit.limit_id}:{track.sequence + 1}"
    breach_id, opened_at, severity = _breach_of(track, standing, event_id, seen.as_of)
    return LimitEvent(
        event_id=event_id,
        kind="transition",
        state=standing.state,
        previous_state=None if track.standing is None else track.standing.state,
        armed_state=standing.armed,
        breach_id=breach_id,
        breach_opened_at=opened_at,
        severity=severity,
        **_facts(limit, track, seen),
    )


def _breach_of(
    track: Track, standing: LimitStanding, event_id: str, as_of: datetime
) -> tuple[str | None, datetime | None, int | None]:
    """The breach a transition opens, goes on with or cures."""
    breach = track.open_breach
    if breach is not None:
        return breach.breach_id, breach.opened_at, breach.severity
    return (event_id, as_of, 1) if standing.armed == "BREACH" else (None, None, None)


def _escalation(
    limit: Definition,
    track: Track,
    seen: Observation,
) -> LimitEvent | None:
    breach, standing = track.open_breach, track.standing
    if breach is None or standing is None:
        return None
    severity = limit_severity((seen.as_of - breach.opened_at).total_seconds(), limit.escalate_after_s)
    if severity <= breach.severity:
        return None
    return LimitEvent(
        event_id=f"{limit.limit_id}:{track.sequence + 1}",
        kind="escalation",
        state=standing.state,
        previous_state=standing.state,
        armed_state=standing.armed,
        breach_id=breach.breach_id,
        breach_opened_at=breach.opened_at,
        severity=severity,
        **_facts(limit, track, seen),
    )


def _facts(
    limit: Definition,
    track: Track,
    seen: Observation,
) -> dict[str, object]:
    """The fields that every event of a limit has, whatever happened."""
    parameters = ",".join(f"{name}={limit.parameters[name]}" for name in sorted(limit.parameters))
    return {
        "limit_id": limit.limit_id,
        "portfolio_id": limit.portfolio_id,
        "scope": limit.scope,
        "scope_value": limit.scope_value,
        "measure": limit.measure,
        "parameters": parameters,
        "sequence": track.sequence + 1,
        "value": seen.reading.value,
        "unit": seen.reading.unit,
        "reason": seen.reading.reason,
        "message": seen.reading.message,
        "warning_level": seen.levels.warning,
        "hard_level": seen.levels.hard,
        "as_of": seen.as_of,
        "recorded_at": seen.recorded_at,
        "valuation_id": seen.valuation_id,
    }
