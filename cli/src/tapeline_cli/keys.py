"""`tapeline keys`: API keys of people and programs; `tapeline link`: signing a browser in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from local_stack.errors import StackError
from tapeline_cli.connection import ADMIN_VARIABLE, Connection, request_json
from tapeline_cli.output import JsonOption, console, print_json

group = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)

COLUMNS = ("prefix", "owner", "scopes", "portfolios", "issued_by", "created_at", "expires_at", "revoked_at")


class Scope(StrEnum):
    """What the interface takes."""

    READ = "read"
    TRADE = "trade"
    LIMITS = "limits"
    METRICS = "metrics"
    ADMIN = "admin"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="keys")
    app.command()(link)


@group.command()
def create(
    owner: Annotated[str, typer.Argument(help="Whose key it is.")],
    portfolio: Annotated[
        list[str], typer.Option(help="Entitled to this one and all below it; * means all. Repeatable.")
    ],
    scope: Annotated[list[Scope], typer.Option(help="What it may do. Repeatable.")] = [Scope.READ],  # noqa: B006
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is valid.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    asked = {"owner": owner, "scopes": scope, "portfolios": portfolio, "expires_in_days": days}
    made = _ask("POST", "/v1/keys", asked)
    if as_json:
        print_json(made)
        return
    console.print(made["key"], markup=False)
    console.print(f"prefix {made['info']['prefix']}, valid until {made['info']['expires_at']}", markup=False)


@group.command("list")
def list_keys(as_json: JsonOption = False) -> None:
    """Show every key there ever was."""
    rows = _listed()
    if as_json:
        print_json({"data": rows, "next_cursor": None})
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_cell(row[name])) for name in COLUMNS))
    console.print(table)


@group.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="From `keys list`.")], as_json: JsonOption = False
) -> None:
    """End a key, and the keys and browser sessions made with it."""
    revoked = _ask("DELETE", f"/v1/keys/{prefix}")
    if as_json:
        print_json(revoked)
    else:
        console.print(f"key {prefix} of {revoked['owner']} is revoked", markup=False)


def link(as_json: JsonOption = False) -> None:
    """Print a link that signs a browser in, once, within ten minutes."""
    connection = Connection.of_stack()
    made = signin_link(connection)
    if as_json:
        print_json(made)
    else:
        console.print(made["url"], markup=False)


def signin_link(connection: Connection) -> dict[str, Any]:
    """A new link, as `url`, and when it expires. Raises StackError when the gateway does not make one."""
    headers = {"X-API-Key": connection.api_key}
    made = request_json("POST", connection.api_url + "/v1/signin-links", headers=headers)
    return {"url": connection.api_url + made["path"], "expires_at": made["expires_at"]}


def _listed() -> list[Any]:
    """Every key, page by page."""
    rows: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = _ask("GET", "/v1/keys?limit=5000" + (f"&cursor={cursor}" if cursor else ""))
        rows += page["data"]
        cursor = page["next_cursor"]
    return rows


def _ask(method: str, path: str, body: object = None) -> Any:
    """Ask at the administrative port."""
    connection = Connection.of_stack()
    if not connection.admin_url:
        fix = f"run `tapeline up`; for a platform elsewhere let {ADMIN_VARIABLE} name it"
        raise StackError("the administrative address of the gateway is not known", fix)
    headers = {"X-API-Key": connection.api_key}
    return request_json(method, connection.admin_url + path, headers=headers, body=body)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
