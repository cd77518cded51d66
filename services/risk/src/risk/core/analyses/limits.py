"""The limits of one portfolio as they stand."""

from contracts.analysis.limits import LimitBreach, LimitRaised, LimitsAnswer, LimitsRequest, LimitStatus
from quant.limit_lifecycle import breach_phase
from risk.core.desk import Desk
from risk.core.limits.book import LimitBook, Status


def limits(desk: Desk, request: LimitsRequest) -> LimitsAnswer:
    """Every active limit of the portfolio; one that no live value has reached yet has no state."""
    book = desk.limits
    statuses = tuple(_status(book, one) for one in book.of_portfolio(request.portfolio_id))
    return LimitsAnswer(portfolio_id=request.portfolio_id, market_time=book.market_time, limits=statuses)


def _status(book: LimitBook, one: Status) -> LimitStatus:
    limit, reading, standing = one.limit, one.reading, one.track.standing
    value = None if reading is None else reading.value
    raises = book.books.raises.get(limit.limit_id, ())
    return LimitStatus(
        limit_id=limit.limit_id,
        scope=limit.scope,
        scope_value=limit.scope_value,
        measure=limit.measure,
        parameters=dict(limit.parameters),
        unit=None if reading is None else reading.unit,
        state=None if standing is None else standing.state,
        since=one.track.since,
        value=value,
        utilisation_percent=None if value is None else 100.0 * value / one.levels.hard,
        warning_level=one.levels.warning,
        hard_level=one.levels.hard,
        own_hard_level=limit.levels.hard,
        hysteresis=limit.levels.hysteresis,
        minimum_coverage=limit.minimum_coverage,
        max_age_s=limit.max_age_s,
        escalate_after_s=limit.escalate_after_s,
        as_of=one.as_of,
        reason=None if reading is None else reading.reason,
        message=None if reading is None else reading.message,
        breach=_breach(book, one),
        raises=tuple(
            LimitRaised(
                raise_id=raised.raise_id,
                level=raised.level,
                expires_at=raised.expires_at,
                requested_by=raised.requested_by,
                approved_by=raised.approved_by,
            )
            for raised in raises
            if book.market_time is None or book.market_time < raised.expires_at
        ),
    )


def _breach(book: LimitBook, one: Status) -> LimitBreach | None:
    """The newest breach unless it is closed; a cured one stops ageing when it was cured."""
    breach = one.track.breach
    if breach is None:
        return None
    deeds = {deed.action: deed for deed in book.books.deeds.get(breach.breach_id, ())}
    phase = breach_phase(deeds, cured=breach.cured_at is not None)
    if phase == "closed":
        return None
    until = breach.cured_at or book.market_time or breach.opened_at
    known_since = breach.opened_recorded_at
    recorded_until = breach.cured_recorded_at or book.recorded_at or known_since
    acknowledged, explained = deeds.get("acknowledge"), deeds.get("explain")
    return LimitBreach(
        breach_id=breach.breach_id,
        phase=phase,
        severity=breach.severity,
        opened_at=breach.opened_at,
        age_seconds=(until - breach.opened_at).total_seconds(),
        recorded_age_seconds=(recorded_until - known_since).total_seconds(),
        cured_at=breach.cured_at,
        acknowledged_by=None if acknowledged is None else acknowledged.actor,
        explained_by=None if explained is None else explained.actor,
        explanation=None if explained is None else explained.note,
    )
