"""`tapeline audit`: who did, or was refused, what; and whether the record is whole."""

from __future__ import annotations

from typing import Annotated, Any, LiteralString

import psycopg
import typer
from psycopg.rows import dict_row
from rich.table import Table
from rich.text import Text

from store.password import password_option
from tapeline_cli import exits
from tapeline_cli.connection import Connection
from tapeline_cli.output import JsonOption, console, fail, print_json

group = typer.Typer(help="Audit log: show it, verify its chain.", no_args_is_help=True)

COLUMNS = ("number", "at", "principal", "method", "path", "portfolio_id", "status", "result")
NEWEST = """
SELECT number, at, principal, credential, method, route, path, portfolio_id, status, result, trace_id, details
  FROM ops.audit_log WHERE NOT %(denied)s OR result = 'denied' ORDER BY number DESC LIMIT %(limit)s
"""
# An entry that was changed has another hash; where one is missing or put in, the next one does not fit.
BROKEN = """
SELECT number FROM (
    SELECT entry.number, entry.hash <> ops.audit_hash(entry.*) AS is_changed,
           entry.number <> coalesce(lag(entry.number) OVER placed, 0) + 1
           OR entry.previous_hash <> coalesce(lag(entry.hash) OVER placed, sha256('')) AS is_misplaced
      FROM ops.audit_log entry WINDOW placed AS (ORDER BY entry.number)) AS checked
 WHERE is_changed OR is_misplaced ORDER BY number
"""
HEAD = "SELECT number, encode(hash, 'hex') AS hash FROM ops.audit_log ORDER BY number DESC LIMIT 1"
AT = "SELECT encode(hash, 'hex') AS hash FROM ops.audit_log WHERE number = %s"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="audit")


@group.command("list")
def list_entries(
    denied: Annotated[bool, typer.Option("--denied", help="Only what was refused.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the newest entries."""
    found = _ask(NEWEST, {"denied": denied, "limit": limit})
    if as_json:
        print_json(found)
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for row in found:
        table.add_row(*(Text("" if row[name] is None else str(row[name])) for name in COLUMNS))
    console.print(table)


@group.command()
def verify(
    noted: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:HASH", help="A head noted earlier, which must still be there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no entry was changed, removed or put in; prints the head, to be noted elsewhere."""
    broken = [row["number"] for row in _ask(BROKEN)]
    if broken:
        fail(f"the chain is broken at {', '.join(map(str, broken[:10]))}", code=exits.UNHEALTHY)
    if noted is not None:
        number, _, hash_ = noted.partition(":")
        if not number.isdecimal() or [row["hash"] for row in _ask(AT, [int(number)])] != [hash_]:
            fail(f"entry {noted} is not there any more: the end was cut off", code=exits.UNHEALTHY)
    head = next(iter(_ask(HEAD)), {"number": 0, "hash": ""})
    if as_json:
        print_json(head)
    else:
        console.print(f"{head['number']} entries, whole; head {head['number']}:{head['hash']}", markup=False)


def _ask(query: LiteralString, values: Any = None) -> list[dict[str, Any]]:
    with psycopg.connect(Connection.of_stack().postgres, **password_option()) as connection:
        return connection.cursor(row_factory=dict_row).execute(query, values).fetchall()
