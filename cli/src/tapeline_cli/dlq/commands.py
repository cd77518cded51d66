"""`tapeline dlq list|show|replay`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Annotated, Any, get_args

import typer
from rich.table import Table
from rich.text import Text

from chassis.kafka import Publisher, new_producer
from contracts import RejectReason
from local_stack.errors import StackError
from local_stack.state import StateDir
from tapeline_cli.connection import Connection
from tapeline_cli.dlq.letters import Filter, Letter, parse_since, printable, read_letters
from tapeline_cli.dlq.replaying import Replayed, ReplayResult, replay_letters
from tapeline_cli.output import JsonOption, console, fail, print_json

SHOWN_LETTERS = 20
MEMORY = "dlq-replayed.json"

group = typer.Typer(help="Dead letters: events that were refused.", no_args_is_help=True)


def _reason(text: str | None) -> str | None:
    if text is not None and text not in get_args(RejectReason):
        raise typer.BadParameter(f"must be one of {', '.join(get_args(RejectReason))}")
    return text


Reason = Annotated[str | None, typer.Option(callback=_reason, help="Only this reason.")]
Since = Annotated[
    str | None, typer.Option(help="Refused at this time or later: 2024-03-01 or with time and zone.")
]
Symbol = Annotated[str | None, typer.Option(help="Only this symbol.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="dlq")


@group.command("list")
def list_letters(
    reason: Reason = None,
    since: Since = None,
    symbol: Symbol = None,
    limit: Annotated[int, typer.Option(min=0, help="How many of the newest to show.")] = SHOWN_LETTERS,
    as_json: JsonOption = False,
) -> None:
    """Count the dead letters by reason and show the newest."""
    letters = read_letters(Connection.of_stack().kafka, _filter(reason, since, symbol))
    reasons, newest = summarise(letters, limit)
    total = sum(one["count"] for one in reasons)
    if as_json:
        print_json({"total": total, "reasons": reasons, "letters": newest})
        return
    console.print(f"{total:,} dead letters")
    _print_table(
        ("reason", "count", "newest"), [(r["reason"], f"{r['count']:,}", r["newest"]) for r in reasons]
    )
    columns = ("id", "failed_at", "reason", "symbol", "message")
    _print_table(columns, [tuple(str(letter[name] or "") for name in columns) for letter in newest])


@group.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="From `dlq list`.")],
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter whole: what came, and what was wrong with it."""
    letters = read_letters(Connection.of_stack().kafka, Filter())
    found = next((letter for letter in letters if letter.id == letter_id), None)
    if found is None:
        fail(f"there is no dead letter {letter_id}", "see `tapeline dlq list`")
    if as_json:
        print_json(found.details())
        return
    for name, value in found.details().items():
        console.print(f"{name:<10} {printable(value)}", markup=False)


@group.command()
def replay(
    reason: Reason = None,
    since: Since = None,
    symbol: Symbol = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only, send nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send dead letters back to the raw topic, each once: after its symbol became known, for example."""
    bootstrap = Connection.of_stack().kafka
    publisher = None if dry_run else Publisher(new_producer(bootstrap, "tapeline-dlq"))
    replayed = Replayed(StateDir.from_environment().root / MEMORY)
    letters = read_letters(bootstrap, _filter(reason, since, symbol))
    result = replay_letters(letters, publisher, replayed, again)
    if as_json:
        print_json({**result.as_dict(), "dry_run": dry_run})
    else:
        console.print(_as_text(result, dry_run))


def summarise(letters: Iterable[Letter], limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Reasons with count, most frequent first, and the summaries of the newest letters, newest first."""
    counts: dict[str, dict[str, Any]] = {}
    kept: deque[Letter] = deque()
    for letter in letters:
        one = counts.setdefault(
            letter.rejected.reason, {"reason": letter.rejected.reason, "count": 0, "newest": ""}
        )
        one["count"] += 1
        one["newest"] = max(one["newest"], letter.failed_at.isoformat())
        kept.append(letter)
        if len(kept) >= 2 * limit + 1000:
            kept = deque(_newest(kept, limit))
    reasons = sorted(counts.values(), key=lambda one: (-one["count"], one["reason"]))
    return reasons, [letter.summary() for letter in _newest(kept, limit)]


def _newest(letters: Iterable[Letter], limit: int) -> list[Letter]:
    return sorted(letters, key=lambda letter: letter.rejected.failed_at_us, reverse=True)[:limit]


def _filter(reason: str | None, since: str | None, symbol: str | None) -> Filter:
    try:
        return Filter(reason, parse_since(since) if since else None, symbol)
    except ValueError as error:
        raise StackError(str(error), "see `tapeline dlq list --help`") from None


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if rows:
        table = Table(*columns, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        console.print()
        console.print(table)


def _as_text(result: ReplayResult, dry_run: bool) -> str:
    text = f"{'would replay' if dry_run else 'replayed'} {result.replayed:,} dead letters"
    if result.already_replayed:
        text += f"; {result.already_replayed:,} were replayed before (--again sends them too)"
    if result.not_whole:
        text += f"; {result.not_whole:,} are not whole and stay"
    return text
