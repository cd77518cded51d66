"""Commands for the local stack: up, down, reset."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from local_stack.services import FEED, SERVICES
from local_stack.stack import Stack
from tapeline_cli import demo, exits
from tapeline_cli.connection import Connection
from tapeline_cli.keys import signin_link
from tapeline_cli.output import console, errors, fail

# Its Spark session starts while the book is loaded; what it needs of the book it reads before that.
_SLOWEST = "bar-aggregator"
_CORE = tuple(service.name for service in SERVICES if service.name != FEED)


class Feed(StrEnum):
    SIM = "sim"
    NONE = "none"


class Extra(StrEnum):
    OBSERVABILITY = "observability"


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(reset)


def up(
    feed: Annotated[Feed, typer.Option(help="What sends ticks: the simulator, or nothing.")] = Feed.SIM,
    extras: Annotated[
        list[Extra] | None, typer.Option("--with", help="Also start: observability is Prometheus.")
    ] = None,
) -> None:
    """Start the platform, load the demo book and history. Changes nothing where it runs already."""
    began = time.monotonic()
    stack = Stack.here()
    with stack.locked():
        for title, run in _steps(stack, feed, extras or []):
            _timed(title, run)
    console.print(f"\nTapeline runs ({time.monotonic() - began:.1f} s).", markup=False)
    _print_where(stack)


def down() -> None:
    """Stop the platform. Data stays; `up` goes on with it."""
    stack = Stack.here()
    with stack.locked():
        began = time.monotonic()
        count = stack.down()
    told = (
        f"stopped {count} processes in {time.monotonic() - began:.1f} s" if count else "nothing was running"
    )
    console.print(told)


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the platform and delete all its data."""
    stack = Stack.here()
    if not stack.state.root.exists():
        console.print("nothing to delete")
        return
    if not yes and not typer.confirm(f"Delete all data in {stack.state.root}?"):
        fail("nothing was deleted", code=exits.ABORTED)
    with stack.locked():
        stack.down()
        stack.delete()
    console.print(f"deleted the data in {stack.state.root}", markup=False)


def _steps(stack: Stack, feed: Feed, extras: list[Extra]) -> list[tuple[str, Callable[[], str]]]:
    """What `up` does, in order."""
    steps: list[tuple[str, Callable[[], str]]] = [
        ("check the machine", stack.check_machine),
        ("Kafka libraries", lambda: stack.fetch_jars("kafka")),
        ("Spark libraries", lambda: stack.fetch_jars("spark")),
        ("supervisor", stack.start_supervisor),
        ("start Kafka", stack.begin_broker),
        ("PostgreSQL", stack.start_database),
        ("schema ops", stack.migrate_schema),
        ("Kafka", stack.await_broker),
        ("topics", stack.create_topics),
        ("API key", stack.write_client_file),
    ]
    # All start at once; each line then shows when the service had become ready.
    steps.append(("start services", lambda: stack.start_services(_CORE)))
    steps += [(name, lambda name=name: stack.wait_ready(name)) for name in _CORE if name != _SLOWEST]
    steps.append(("demo book and history", lambda: demo.load(stack)))
    steps.append((_SLOWEST, lambda: stack.wait_ready(_SLOWEST)))
    steps.append(("schedule", stack.start_scheduler))
    if feed is Feed.SIM:
        steps.append(("simulated market", lambda: stack.start_feed()))
    else:
        steps.append(("no feed", lambda: stack.stop_feed()))
    if Extra.OBSERVABILITY in extras:
        scraped = (*_CORE, FEED) if feed is Feed.SIM else _CORE
        steps.append(("Prometheus", lambda: stack.start_prometheus(scraped)))
    return steps


def _timed(title: str, run: Callable[[], str]) -> None:
    began = time.monotonic()
    try:
        detail = run()
    except Exception:
        errors.print(f"{title:<24} failed after {time.monotonic() - began:.1f} s", markup=False)
        raise
    console.print(f"{title:<24} {time.monotonic() - began:5.1f} s  {detail}", markup=False)


def _print_where(stack: Stack) -> None:
    endpoints = stack.endpoints
    rows = (
        ("dashboard (once)", signin_link(Connection.of_stack(stack.state, {}))["url"]),
        ("API", endpoints.url("api-gateway") + "/v1"),
        ("API reference", "docs/reference/openapi.json; every call needs the key"),
        ("Kafka", endpoints.kafka),
        ("PostgreSQL", endpoints.postgres),
        ("key and addresses", str(stack.state.client_file)),
        ("logs", str(stack.state.logs_dir)),
    )
    for name, value in rows:
        console.print(f"  {name:<20} {value}", markup=False)
    console.print(
        "Next: `tapeline link` (another dashboard link), `tapeline status`, `tapeline logs -f`,"
        " `tapeline down`."
    )
