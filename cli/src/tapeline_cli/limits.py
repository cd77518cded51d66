"""`tapeline limits`: how limits stand, what was done about breaches, and doing it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from msgspec import to_builtins
from msgspec.structs import asdict
from rich.table import Table
from rich.text import Text

from tapeline_cli.api import opened_api
from tapeline_cli.moments import parse_moment
from tapeline_cli.output import JsonOption, console, print_json
from tapeline_client.types import LimitActionIn, LimitBreach

group = typer.Typer(help="Limits: states, breaches and what people do about them.", no_args_is_help=True)

LimitId = Annotated[str, typer.Argument(metavar="LIMIT", help="From `limits list`.")]
STATE_COLUMNS = ("limit_id", "state", "value", "utilisation_percent", "warning_level", "hard_level", "breach")
EVENT_COLUMNS = ("as_of", "event_id", "kind", "state", "value", "hard_level", "severity", "message")


class Action(StrEnum):
    """What the interface takes."""

    ACKNOWLEDGE = "acknowledge"
    EXPLAIN = "explain"
    CLOSE = "close"
    REQUEST_RAISE = "request_raise"
    APPROVE_RAISE = "approve_raise"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="limits")


@group.command("list")
def list_limits(
    portfolio: Annotated[str, typer.Argument(help="Portfolio.")], as_json: JsonOption = False
) -> None:
    """Show the limits of a portfolio as judged on its newest live value."""
    with opened_api() as api:
        answer = api.get_limits(portfolio)
    if as_json:
        print_json(to_builtins(answer))
    else:
        _print(STATE_COLUMNS, [{**asdict(one), "breach": _breach(one.breach)} for one in answer.limits])


@group.command()
def events(
    portfolio: Annotated[str | None, typer.Option(help="Only this portfolio.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="How many of the newest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the newest changes of state and severity."""
    with opened_api() as api:
        answer = api.list_limit_events(portfolio_id=portfolio, limit=limit)
    if as_json:
        print_json(to_builtins(answer))
    else:
        _print(EVENT_COLUMNS, [asdict(one) for one in answer.data])


@group.command()
def audit(limit_id: LimitId) -> None:
    """Print every revision of a limit and every action on it, as JSON."""
    with opened_api() as api:
        print_json(to_builtins(api.get_limit(limit_id)))


@group.command()
def cure(limit_id: LimitId) -> None:
    """Print the smallest single-name trade that brings a limit back, as JSON."""
    with opened_api() as api:
        print_json(to_builtins(api.get_cure(limit_id)))


@group.command()
def act(
    limit_id: LimitId,
    action: Annotated[Action, typer.Argument(help="What to do.")],
    by: Annotated[str, typer.Option(help="Who does it.")],
    note: Annotated[str, typer.Option(help="Why; kept for ever.")],
    raise_id: Annotated[str | None, typer.Option(help="Which raise is approved.")] = None,
    level: Annotated[float | None, typer.Option(help="The hard level asked for.")] = None,
    until: Annotated[str | None, typer.Option(help="Market time with zone at which a raise ends.")] = None,
) -> None:
    """Act on the newest breach of a limit, or on a temporary raise; prints what was recorded, as JSON."""
    asked = LimitActionIn(
        action=action.value,
        by=by,
        note=note,
        raise_id=raise_id,
        level=level,
        expires_at=None if until is None else parse_moment(until, "--until"),
    )
    with opened_api() as api:
        print_json(to_builtins(api.act_on_limit(limit_id, asked)))


def _breach(breach: LimitBreach | None) -> str:
    if breach is None:
        return ""
    return f"{breach.phase}, severity {breach.severity}, {breach.age_seconds:,.0f} s"


def _print(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in columns))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
    return "" if value is None else str(value)
