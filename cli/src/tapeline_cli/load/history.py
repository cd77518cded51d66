"""Daily history and limits -> schema ops: a changed row is the next revision, an unchanged one adds none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store import tables
from store.bulk import append_revisions
from store.database import WRITER, Database, run_transaction
from store.database import Connection as DatabaseConnection
from tapeline_cli.load.files import Row
from tapeline_cli.load.kinds import CORPORATE_ACTIONS, LIMITS, PRICES, Kind

TABLES: dict[str, type[tables.Fact]] = {
    PRICES.name: tables.DailyPrice,
    CORPORATE_ACTIONS.name: tables.CorporateAction,
    LIMITS.name: tables.LimitDefinition,
}
TIMEOUT_S = 1800.0


def append_history(postgres: str, kind: Kind, rows: list[Row], file_name: str, recorded_at: datetime) -> int:
    """Append all rows in one transaction; returns how many were new or changed."""
    fact = TABLES[kind.name]
    names = [column.target for column in kind.columns]
    records = [
        {
            **{name: row.values.get(name) for name in names},
            "recorded_at": recorded_at,
            "evidence": {"file": file_name, "line": row.line},
        }
        for row in rows
    ]

    async def append(conn: DatabaseConnection) -> list[tuple[Any, ...]]:
        return await append_revisions(conn, fact, records)

    with Database(postgres, application="tapeline-load", max_size=1, role=WRITER) as database:
        return len(database.run(run_transaction(database.pool, append), TIMEOUT_S))
