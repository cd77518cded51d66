"""The same project on DuckDB: the rows of ops copied there build and pass the same tests."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Integer, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from tests.integration.warehouse import books
from tests.integration.warehouse.books import HELD, MONDAY
from tests.integration.warehouse.dbt import Dbt

from store.tables import FACTS, Fact

pytestmark = pytest.mark.integration

TYPES = {
    Numeric: "decimal(38, 12)",
    DateTime: "timestamptz",
    Date: "date",
    BigInteger: "bigint",
    Integer: "integer",
    Boolean: "boolean",
    JSONB: "json",
}


def type_of(column: Any) -> str:
    if isinstance(column.type, Double):
        return "double"
    return next((name for kind, name in TYPES.items() if isinstance(column.type, kind)), "text")


def create(relation: type[Fact]) -> str:
    columns = ", ".join(f'"{column.name}" {type_of(column)}' for column in relation.table().columns)
    return f"CREATE TABLE ops.{relation.table().name} ({columns})"


def copy(file: Path, rows: books.Rows) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA ops")
        for relation in FACTS:
            connection.execute(create(relation))
        for relation, content in rows.items():
            for row in content:
                whole = {**row, "revision": 1, "recorded_at": books.closing_time(MONDAY), "evidence": {}}
                values = [json.dumps(v) if isinstance(v, dict) else v for v in whole.values()]
                marks = ", ".join("?" * len(whole))
                connection.execute(
                    f"INSERT INTO ops.{relation.table().name} ({', '.join(whole)}) VALUES ({marks})", values
                )


def test_the_project_builds_on_duckdb(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    copy(file, books.good_rows())
    built = Dbt.on_duckdb(file, tmp_path, books.silver())("build")
    assert built.wrong == set(), built.output
    # The same checksum of a bar as on PostgreSQL and as of Silver.
    assert (built.statuses["bars_equal_silver"], built.warned) == ("pass", set())
    with duckdb.connect(str(file), read_only=True) as connection:
        held = connection.execute(
            "SELECT symbol, market_value_base FROM gold.fact_positions WHERE date = ?", [MONDAY]
        )
        assert dict(held.fetchall()) == {symbol: books.value(symbol, MONDAY) for symbol in HELD}
