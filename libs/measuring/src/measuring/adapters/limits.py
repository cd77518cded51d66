"""Reads limit definitions and what people did about limits."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chassis.logs import get_logger
from measuring.core.definitions import (
    DEFAULT_AGE_S,
    DEFAULT_COVERAGE,
    DEFAULT_HYSTERESIS,
    Deed,
    Definition,
    LimitBooks,
    parameters_of,
)
from quant.limit_lifecycle import LimitRaise
from quant.limits import LimitLevels, check_limit
from store.database import Connection

log = get_logger(__name__)

# Both are only ever appended to, so that the counts change with every change.
VERSION = """
SELECT (SELECT count(*) FROM ops.limit_definition) AS definitions,
       (SELECT count(*) FROM ops.limit_action) AS actions
"""
DEFINITIONS = "SELECT * FROM ops.limit_definition_latest WHERE active ORDER BY limit_id"
ACTIONS = "SELECT * FROM ops.limit_action ORDER BY recorded_at, action_id"


async def read_limits_version(conn: Connection) -> str:
    """Changes with every definition and action stored."""
    row = await conn.fetchrow(VERSION)
    assert row is not None, "an aggregate without GROUP BY returns one row"
    return f"{row['definitions']}/{row['actions']}"


async def read_limits(conn: Connection) -> LimitBooks:
    """All active limits and all actions; the caller's transaction is the snapshot."""
    actions = await conn.fetch(ACTIONS)
    return LimitBooks(
        version=await read_limits_version(conn),
        definitions=tuple(_definitions(await conn.fetch(DEFINITIONS))),
        raises=to_raises(actions),
        deeds=_deeds(actions),
    )


def _definitions(rows: Sequence[Mapping[str, Any]]) -> Iterator[Definition]:
    """One wrong limit must not stop the others; it is refused aloud."""
    for row in rows:
        try:
            yield to_definition(row)
        except ValueError as error:
            log.error("limit cannot be evaluated, left out", limit_id=row["limit_id"], error=str(error))


def to_definition(row: Mapping[str, Any]) -> Definition:
    """A stored definition; nulls mean the defaults. Raises ValueError for one that cannot be evaluated."""
    parameters = parameters_of(row["parameters"])
    check_limit(row["measure"], parameters, row["scope"], row["scope_value"])
    return Definition(
        limit_id=row["limit_id"],
        portfolio_id=row["portfolio_id"],
        scope=row["scope"],
        scope_value=row["scope_value"] or None,
        measure=row["measure"],
        parameters=parameters,
        levels=LimitLevels(
            row["hard_level"], row["warning_level"], _or(row["hysteresis"], DEFAULT_HYSTERESIS)
        ),
        minimum_coverage=_or(row["minimum_coverage"], DEFAULT_COVERAGE),
        max_age_s=_or(row["max_age_s"], DEFAULT_AGE_S),
        escalate_after_s=row["escalate_after_s"],
    )


def to_raises(actions: Sequence[Mapping[str, Any]]) -> dict[str, list[LimitRaise]]:
    """Raises asked for, by limit; with their approval where there is one."""
    approved = {row["raise_id"]: row["actor"] for row in actions if row["action"] == "approve_raise"}
    found: dict[str, list[LimitRaise]] = defaultdict(list)
    for row in actions:
        if row["action"] == "request_raise":
            found[row["limit_id"]].append(
                LimitRaise(
                    row["action_id"],
                    row["level"],
                    row["expires_at"],
                    row["actor"],
                    approved.get(row["action_id"]),
                )
            )
    return dict(found)


def _deeds(actions: Sequence[Mapping[str, Any]]) -> dict[str, list[Deed]]:
    found: dict[str, list[Deed]] = defaultdict(list)
    for row in actions:
        if row["breach_id"] is not None:
            found[row["breach_id"]].append(Deed(row["action"], row["actor"], row["note"], row["recorded_at"]))
    return dict(found)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
