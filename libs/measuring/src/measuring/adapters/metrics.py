"""Writes risk numbers to ops.risk_metric, append-only."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from contracts import RiskReport
from store.bulk import append_revisions
from store.database import Connection, run_transaction
from store.fence import OwnerFence
from store.tables import RiskMetric, canonical_parameters


class MetricStore:
    """Risk numbers in PostgreSQL; a repeat adds nothing, a change adds a revision.

    A service that may be paused and replaced while it runs gives its fence. What runs once and ends, such as
    the end of day, has none.
    """

    def __init__(self, pool: asyncpg.Pool, fence: OwnerFence | None = None) -> None:
        self._pool = pool
        self._fence = fence

    async def append(self, reports: Sequence[RiskReport]) -> int:
        """Store reports in one transaction, tried again for seconds when the session is lost; rows added.

        A report of one portfolio, market time and basis may be there once only.
        Raises: Fenced when another process has taken over; then nothing was stored.
        """
        rows = to_rows(reports)

        async def write(conn: Connection) -> int:
            if self._fence is not None:
                await self._fence.hold(conn)
            return len(await append_revisions(conn, RiskMetric, rows))

        return await run_transaction(self._pool, write) if rows else 0


def to_rows(reports: Sequence[RiskReport]) -> list[dict[str, Any]]:
    """One row of ops.risk_metric per measure; evidence says which valuation and which history it rests on."""
    return [
        {
            "portfolio_id": report.portfolio_id,
            "as_of": report.as_of,
            "basis": report.basis,
            "measure": measure.measure,
            "parameters": canonical_parameters(measure.parameters),
            "valuation_id": report.valuation_id,
            "value": measure.value,
            "unit": measure.unit,
            "details": measure.details,
            "reason": measure.reason,
            "definition": measure.definition,
            "recorded_at": report.recorded_at,
            "evidence": {
                "valuation_id": report.valuation_id,
                "history_version": report.history_version,
                "priced": report.coverage.priced,
                "positions": report.coverage.positions,
                "complete": report.coverage.complete,
            },
        }
        for report in reports
        for measure in report.measures
    ]
