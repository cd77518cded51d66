"""Writes what measures are made of to ops.var_component, append-only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

import asyncpg

from measuring.core.components import PositionShare, RiskSplit
from store.bulk import append_revisions
from store.database import Connection, run_transaction
from store.tables import VarComponent, canonical_parameters

NOT_HELD = "not_held"
# A position that a correction took out of the book has a row from before, which must not count any more.
_STORED = """
SELECT DISTINCT portfolio_id, as_of, basis, symbol FROM ops.var_component
  JOIN unnest($1::text[], $2::timestamptz[], $3::text[]) AS split(portfolio_id, as_of, basis)
    USING (portfolio_id, as_of, basis)
"""

Place = tuple[str, datetime, str]
"""Portfolio, market time and basis of a valuation."""


class ComponentStore:
    """Components in PostgreSQL; a repeat adds nothing, a change adds a revision."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, splits: Sequence[RiskSplit]) -> int:
        """Store splits in one transaction, tried again for seconds when the session is lost; rows added.

        A split of one portfolio, market time, basis, measure and parameters may be there once only.
        """

        async def write(conn: Connection) -> int:
            before = await _stored(conn, splits)
            rows = [row for split in splits for row in to_rows(split, before[_place(split)])]
            return len(await append_revisions(conn, VarComponent, rows))

        return await run_transaction(self._pool, write) if splits else 0


def to_rows(split: RiskSplit, before: Set[str]) -> Iterator[dict[str, Any]]:
    """One row for each position, and one without a component for each symbol of `before` that is not held."""
    now = {one.symbol for one in split.positions}
    for one in split.positions:
        yield _row(split, one, one.reason)
    for symbol in sorted(before - now):
        yield _row(split, PositionShare(symbol, None), NOT_HELD)


def _row(split: RiskSplit, one: PositionShare, reason: str | None) -> dict[str, Any]:
    share = one.share
    return {
        "portfolio_id": split.portfolio_id,
        "as_of": split.as_of,
        "basis": split.basis,
        "measure": split.measure,
        "parameters": canonical_parameters(dict(split.parameters)),
        "symbol": one.symbol,
        "valuation_id": split.valuation_id,
        "component": None if share is None else share.component,
        "percent": None if share is None else share.percent,
        "marginal": None if share is None else share.marginal,
        "currency": split.currency,
        "reason": reason,
        "recorded_at": split.recorded_at,
        "evidence": {"valuation_id": split.valuation_id, "history_version": split.history_version},
    }


async def _stored(conn: Connection, splits: Sequence[RiskSplit]) -> Mapping[Place, Set[str]]:
    places = list({_place(split) for split in splits})
    columns = [[place[n] for place in places] for n in range(3)]
    found: defaultdict[Place, set[str]] = defaultdict(set)
    for row in await conn.fetch(_STORED, *columns):
        found[row["portfolio_id"], row["as_of"], row["basis"]].add(row["symbol"])
    return found


def _place(split: RiskSplit) -> Place:
    return split.portfolio_id, split.as_of, split.basis
