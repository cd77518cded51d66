"""How limits stand at the close."""

import datetime as dt
from collections.abc import Iterable

from reports.core.risk.rows import Limit
from reports.core.risk.shapes import LimitState

ORDER = {"BREACH": 0, "UNKNOWN": 1, "WARNING": 2, "NOT_JUDGED": 3, "OK": 4}
NOT_JUDGED = "NOT_JUDGED"


def limit_states(limits: Iterable[Limit], as_of: dt.datetime) -> tuple[LimitState, ...]:
    """All of them, the worst first, then by name; ages are market time up to the close."""
    states = [_state(one, as_of) for one in limits]
    return tuple(sorted(states, key=lambda one: (ORDER.get(one.state, 1), one.portfolio_id, one.limit_id)))


def _state(one: Limit, as_of: dt.datetime) -> LimitState:
    open_breach = one.breach_id is not None and one.armed_state == "BREACH"
    return LimitState(
        limit_id=one.limit_id,
        portfolio_id=one.portfolio_id,
        scope=one.scope,
        scope_value=one.scope_value,
        measure=one.measure,
        parameters=one.parameters,
        state=one.state or NOT_JUDGED,
        since=one.state_since,
        age_seconds=_age(one.state_since, as_of),
        value=one.value,
        unit=one.unit,
        warning_level=one.warning_level,
        hard_level=one.hard_level,
        utilisation=None if one.value is None else one.value / one.hard_level,
        breach_open=open_breach,
        breach_age_seconds=_age(one.breach_opened_at, as_of) if open_breach else None,
        severity=one.severity if open_breach else None,
        actions=tuple(one.actions),
        message=one.message,
    )


def _age(since: dt.datetime | None, as_of: dt.datetime) -> float | None:
    return None if since is None else max((as_of - since).total_seconds(), 0.0)
