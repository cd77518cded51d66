"""Compiles the project for a database that is not there, and parses the SQL in its dialect.

`python -P compile_elsewhere.py snowflake|bigquery PROJECT TARGET_PATH`, by the Python of .venv-dbt-adapters.
Prints {"compiled": statements, "refused": {file: error}} as JSON. No question goes out: the tables of
the facts are said to be there already, so that what an incremental build adds is compiled too.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import sqlglot
from dbt.cli.main import dbtRunner


class Nobody:
    """A connection to nowhere: dbt's BigQuery opens one only to close it."""

    def close(self) -> None:
        pass


def stay_offline(target: str) -> None:
    """Let the adapter answer every look for a table itself: yes, there is one."""
    module = importlib.import_module(f"dbt.adapters.{target}.impl")
    adapter = next(kind for name, kind in vars(module).items() if name.lower() == f"{target}adapter")

    def get_relation(self: Any, database: str, schema: str, identifier: str) -> Any:
        return self.Relation.create(database=database, schema=schema, identifier=identifier, type="table")

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("compiling must not ask the database")

    def connect(_: Any, connection: Any) -> Any:
        connection.handle, connection.state = Nobody(), "open"
        return connection

    adapter.get_relation = get_relation
    adapter.execute = refuse
    adapter.ConnectionManager.open = classmethod(connect)


def main(target: str, project: str, scratch: str) -> None:
    stay_offline(target)
    arguments = ["compile", "--target", target, "--project-dir", project, "--profiles-dir", project]
    arguments += ["--target-path", scratch, "--log-path", scratch, "--no-populate-cache", "--no-introspect"]
    arguments += ["--quiet", "--select", "resource_type:model", "resource_type:test"]
    done = dbtRunner().invoke(arguments)
    if not done.success:
        sys.exit(f"not compiled: {done.exception or done.result}")
    files = sorted((Path(scratch) / "compiled").rglob("*.sql"))
    refused = {}
    for file in files:
        try:
            sqlglot.parse(file.read_text(), read=target, error_level=sqlglot.ErrorLevel.RAISE)
        except sqlglot.errors.SqlglotError as error:
            refused[file.name] = str(error)
    sys.stdout.write(json.dumps({"compiled": len(files), "refused": refused}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
