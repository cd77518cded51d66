"""Limits: definitions, states, events, what people do about them, replay and cure."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api_gateway.adapters.limit_repository import LimitRepository, NameTaken, NoHistory
from api_gateway.core.limits import Refusal, definition_row, levels_of
from api_gateway.core.pages import page, page_after
from api_gateway.core.past import NOW
from api_gateway.core.principal import Principal
from api_gateway.endpoints.documentation import answers
from api_gateway.endpoints.parameters import (
    CursorQuery,
    Limit,
    Past,
    PortfolioId,
    cursor_parts,
    cursor_time,
    span,
)
from api_gateway.problems import ProblemError
from api_gateway.schemas.common import FieldError
from api_gateway.schemas.limits import (
    BacktestEpisode,
    BacktestTally,
    LimitAction,
    LimitActionIn,
    LimitAudit,
    LimitBacktestAnswer,
    LimitBacktestIn,
    LimitDefinition,
    LimitEvents,
    LimitIn,
    LimitStates,
)
from api_gateway.security.caller import concerns, principal_of
from api_gateway.state import gateway_of, reply, reply_page, require_known
from contracts import LimitState
from contracts.analysis.limits import CureAnswer, CureRequest, LimitsAnswer, LimitsRequest
from quant.limit_backtest import LimitBacktest, LimitTally, backtest_limit
from quant.limits import check_limit

router = APIRouter(tags=["limits"])

LimitId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="limit", examples=["us-var"])
]
OfPortfolio = Annotated[str | None, Query(max_length=128, description="of this portfolio only")]
SHOWN_EPISODES = 500


@router.get(
    "/v1/portfolios/{portfolio_id}/limits",
    operation_id="getLimits",
    responses=answers(LimitsAnswer, 404, 422),
)
async def get_limits(request: Request, portfolio_id: PortfolioId) -> Response:
    """Every limit of the portfolio: state, value, utilisation, levels in force, and its breach."""
    gateway = gateway_of(request)
    require_known(gateway.view, portfolio_id)
    return reply(await gateway.analyst.ask("limits", LimitsRequest(portfolio_id=portfolio_id)))


@router.get("/v1/limits", operation_id="listLimitStates", responses=answers(LimitStates, 422))
async def list_limit_states(
    request: Request,
    state: LimitState | None = None,
    portfolio_id: OfPortfolio = None,
    past: Past = None,
    limit: Limit = 500,
    cursor: CursorQuery = None,
) -> Response:
    """The newest event of every limit: what is red now, or was; one state or one portfolio only if asked."""
    gateway = gateway_of(request)
    cursor_parts(cursor, parts=1)
    found = gateway.view.limits if past is None else await gateway.repository.limits.states(past)
    ordered = [
        one
        for _, one in sorted(found.items())
        if state in (None, one.state) and portfolio_id in (None, one.portfolio_id)
    ]
    shown = page_after(ordered, cursor, limit, lambda one: one.limit_id)
    return reply_page(request, LimitStates(data=shown.items, next_cursor=shown.next_cursor))


@router.get("/v1/limits/events", operation_id="listLimitEvents", responses=answers(LimitEvents, 422))
async def list_limit_events(
    request: Request,
    portfolio_id: OfPortfolio = None,
    limit_id: Annotated[str | None, Query(max_length=128)] = None,
    past: Past = None,
    limit: Limit = 500,
    cursor: CursorQuery = None,
) -> Response:
    """Every change of state or severity as recorded, the newest by market time first."""
    gateway = gateway_of(request)
    parts = cursor_parts(cursor, parts=2)
    after = None if parts is None else (cursor_time(parts[0]), parts[1])
    events = await gateway.repository.limits.events(portfolio_id, limit_id, after, limit + 1, past or NOW)
    shown = page(events, limit, lambda event: (event.as_of.isoformat(), event.event_id))
    return reply_page(request, LimitEvents(data=shown.items, next_cursor=shown.next_cursor))


@router.post(
    "/v1/limits/backtest", operation_id="backtestLimit", responses=answers(LimitBacktestAnswer, 404, 422)
)
async def backtest_proposed_limit(request: Request, proposed: LimitBacktestIn) -> Response:
    """Replay stored history through a proposed limit: count, duration and false alarms. Nothing is stored."""
    gateway = gateway_of(request)
    concerns(request, proposed.portfolio_id)
    require_known(gateway.view, proposed.portfolio_id)
    span(proposed.start, proposed.end)
    try:
        check_limit(proposed.measure, proposed.parameters, proposed.scope, proposed.scope_value)
        levels = levels_of(proposed)
        history = await gateway.repository.limits.history(proposed)
    except (NoHistory, ValueError) as error:
        raise _wrong(error) from error
    times = [moment for moment, _ in history]
    found = backtest_limit(levels, times, [value for _, value in history], proposed.false_alarm_s)
    return reply(_backtest_answer(proposed, found))


@router.put(
    "/v1/limits/{limit_id}", operation_id="putLimit", responses=answers(LimitDefinition, 404, 409, 422)
)
async def put_limit(request: Request, limit_id: LimitId, limit: LimitIn) -> Response:
    """Define a limit or change it; a change is a new revision, repeating it changes nothing."""
    gateway = gateway_of(request)
    concerns(request, limit.portfolio_id)
    require_known(gateway.view, limit.portfolio_id)
    try:
        row = definition_row(limit_id, limit, gateway.clock.now())
    except ValueError as error:
        raise _wrong(error) from error
    try:
        return reply(await gateway.repository.limits.define(row))
    except NameTaken as error:
        raise ProblemError(409, f"the name {limit_id!r} is taken; choose another one") from error


@router.get("/v1/limits/{limit_id}", operation_id="getLimit", responses=answers(LimitAudit, 404, 422))
async def get_limit(request: Request, limit_id: LimitId) -> Response:
    """The audit trail of a limit: every revision of its definition and every action on it."""
    limits = gateway_of(request).repository.limits
    definitions = await _definitions(limits, limit_id)
    actions = await limits.actions(limit_id)
    return reply(LimitAudit(limit_id=limit_id, definitions=definitions, actions=actions))


@router.get("/v1/limits/{limit_id}/cure", operation_id="getCure", responses=answers(CureAnswer, 404, 422))
async def get_cure(request: Request, limit_id: LimitId) -> Response:
    """The smallest trade in one held name that brings the limit back, proven by recomputing the measure."""
    gateway = gateway_of(request)
    await _definitions(gateway.repository.limits, limit_id)
    return reply(await gateway.analyst.ask("cure", CureRequest(limit_id=limit_id)))


@router.post(
    "/v1/limits/{limit_id}/actions",
    operation_id="actOnLimit",
    status_code=201,
    responses=answers(LimitAction, 404, 409, 422, status=201),
)
async def act_on_limit(request: Request, limit_id: LimitId, asked: LimitActionIn) -> Response:
    """Acknowledge, explain or close a breach; ask for a temporary raise, or approve another one's."""
    gateway = gateway_of(request)
    _require_own_name(principal_of(request), asked.by)
    try:
        done = await gateway.repository.limits.act(limit_id, asked, gateway.clock.now())
    except Refusal as error:
        kind = "action-refused" if error.status == 409 else None
        raise ProblemError(error.status, str(error), kind=kind) from error
    return reply(done, 201)


async def _definitions(limits: LimitRepository, limit_id: str) -> tuple[LimitDefinition, ...]:
    """What the caller may see of a limit. Raises a 404 problem when that is nothing."""
    found = await limits.definitions(limit_id)
    if not found:
        raise ProblemError(404, f"no limit {limit_id!r}: PUT it, or `tapeline load limits`")
    return found


def _require_own_name(caller: Principal, by: str) -> None:
    """Raises a 403 problem for who acts in another one's name; an administrator may enter what others did."""
    if not caller.may("admin") and by.strip().lower() != caller.name.lower():
        raise ProblemError(403, f"the key is that of {caller.name!r}, so this must be by {caller.name!r}")


def _backtest_answer(proposed: LimitBacktestIn, found: LimitBacktest) -> LimitBacktestAnswer:
    episodes = found.episodes
    return LimitBacktestAnswer(
        portfolio_id=proposed.portfolio_id,
        measure=proposed.measure,
        basis=proposed.basis,
        observations=found.observations,
        first=episodes[0].start if episodes else None,
        last=episodes[-1].end if episodes else None,
        warning=_tally(found.warning),
        breach=_tally(found.breach),
        unknown=_tally(found.unknown),
        episodes=tuple(
            BacktestEpisode(
                state=one.state,
                start=one.start,
                end=one.end,
                seconds=one.seconds,
                open=one.open,
                worst=one.worst,
            )
            for one in [one for one in episodes if one.state != "OK"][:SHOWN_EPISODES]
        ),
    )


def _tally(tally: LimitTally) -> BacktestTally:
    return BacktestTally(
        count=tally.count,
        seconds=tally.seconds,
        longest_seconds=tally.longest_seconds,
        false_alarms=tally.false_alarms,
    )


def _wrong(error: Exception) -> ProblemError:
    return ProblemError(422, str(error), errors=[FieldError(pointer="body", detail=str(error))])
