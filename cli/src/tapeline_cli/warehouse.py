"""`tapeline warehouse`: dbt against the database of the running platform."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict

from local_stack.errors import StackError
from local_stack.state import StateDir, checkout_root
from store.password import password_option
from tapeline_cli import exits
from tapeline_cli.connection import Connection
from tapeline_cli.moments import parse_moment
from tapeline_cli.output import errors

group = typer.Typer(help="The warehouse: schema gold, built and tested by dbt.", no_args_is_help=True)

APPLICATION = "tapeline-warehouse"
_FIELDS = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE"}

Select = Annotated[str | None, typer.Option("--select", "-s", help="Only these models, in dbt's syntax.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="warehouse")


@group.command()
def build(
    select: Select = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Build every table anew.")] = False,
    known_at: Annotated[
        str | None, typer.Option(help="Moment for the views fact_*_as_known, ISO 8601 with zone.")
    ] = None,
) -> None:
    """Build what changed and run every test. Harmless when repeated."""
    options = ["--full-refresh"] if full_refresh else []
    if known_at is not None:
        # The same moment as dbt's macros write it into SQL.
        moment = parse_moment(known_at, "--known-at").isoformat()
        options += ["--vars", f"{{known_at: '{moment}'}}"]
    _run(["build", *options], select)


@group.command("test")
def run_tests(select: Select = None) -> None:
    """Run the tests; the rows that fail stay in schema gold_failures."""
    _run(["test"], select)


@group.command()
def freshness() -> None:
    """Tell whether the services still write what the warehouse reads."""
    _run(["source", "freshness"], None)


@group.command()
def docs() -> None:
    """Write the pages with columns and lineage into one file, warehouse/target/static_index.html."""
    _run(["docs", "generate", "--static"], None)


def environment_of(dsn: str) -> dict[str, str]:
    """The address of a PostgreSQL database in the variables that warehouse/profiles.yml reads."""
    address = conninfo_to_dict(dsn, **password_option())
    found = {f"TAPELINE_WAREHOUSE_{name}": address.get(field) for field, name in _FIELDS.items()}
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def dbt_command(arguments: Sequence[str], root: Path) -> list[str]:
    """A call of dbt in its own environment, on the project of this checkout."""
    project = str(root / "warehouse")
    return [
        str(root / ".venv-dbt/bin/dbt"),
        *arguments,
        "--project-dir",
        project,
        "--profiles-dir",
        project,
    ]


@contextmanager
def one_at_a_time(dsn: str) -> Iterator[None]:
    """Wait until no other command builds or tests the warehouse of this database, and keep others waiting.

    Two at once would delete and insert the same groups, and write the same files of dbt. The lock is the
    database's: Airflow calls from another container. It ends with the connection, so nobody can leave it.
    """
    with psycopg.connect(dsn, autocommit=True, application_name=APPLICATION, **password_option()) as conn:
        (free,) = conn.execute("SELECT pg_try_advisory_lock(hashtext('warehouse'))").fetchone() or (False,)
        if not free:
            errors.print("waits for another command that works on the warehouse")
            conn.execute("SELECT pg_advisory_lock(hashtext('warehouse'))")
        yield


def _run(arguments: list[str], select: str | None) -> None:
    root, dsn = checkout_root(), Connection.of_stack().postgres
    if subprocess.run([str(root / "scripts/install"), "dbt"], check=False).returncode:
        raise StackError("dbt could not be installed", "run `scripts/install dbt` and read what it says")
    # Without `cautious` a test would run that also reads a model which is not chosen, perhaps not built yet.
    chosen = ["--select", select, "--indirect-selection", "cautious"] if select else []
    with one_at_a_time(dsn):
        environment = {**os.environ, **environment_of(dsn), **_silver()}
        done = subprocess.run(dbt_command([*arguments, *chosen], root), env=environment, check=False)
    if done.returncode:
        raise typer.Exit(exits.FAILED)


def _silver() -> dict[str, str]:
    """What Silver holds, for the test that gold has the same bars."""
    # Imported here: reading Delta takes half a second to load, which every other command would pay.
    from tapeline_cli.silver_totals import silver_totals

    return {"TAPELINE_WAREHOUSE_SILVER": silver_totals(StateDir.from_environment().lake_dir)}
