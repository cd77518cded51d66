"""Writes risk numbers to ops.risk_metric, append-only."""

from collections.abc import Sequence

import asyncpg

from contracts import RiskReport
from risk.handlers import to_rows
from store.bulk import append_revisions
from store.database import Connection, run_transaction
from store.tables import RiskMetric, canonical_parameters


class MetricStore:
    """Risk numbers in PostgreSQL; a repeat adds nothing, a change adds a revision."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, reports: Sequence[RiskReport]) -> int:
        """Store reports in one transaction, tried again for seconds when the session is lost; rows added.

        A report of one portfolio, market time and basis may be there once only.
        """
        rows = [{**row, "parameters": canonical_parameters(row["parameters"])} for row in to_rows(reports)]

        async def write(conn: Connection) -> int:
            return len(await append_revisions(conn, RiskMetric, rows))

        return await run_transaction(self._pool, write) if rows else 0
