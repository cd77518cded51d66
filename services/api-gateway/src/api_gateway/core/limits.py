"""Limits as asked for -> rows of schema ops; what is not allowed is refused with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api_gateway.schemas.limits import LimitActionIn, LimitIn
from quant.limit_lifecycle import action_refusal, raise_refusal
from quant.limits import LimitLevels, check_limit

Row = Mapping[str, Any]
LARGEST_BACKTEST = 200_000


class Refusal(ValueError):
    """An action that cannot be done; the text says why."""

    def __init__(self, detail: str, status: int = 409) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class LimitFile:
    """A limit, its newest breach (or the one asked for) with whether it is cured, and all actions on it."""

    definition: Row | None
    breach_id: str | None
    cured: bool
    actions: Sequence[Row]


def definition_row(limit_id: str, limit: LimitIn, recorded_at: datetime) -> dict[str, Any]:
    """A row of ops.limit_definition. Raises ValueError for a limit that cannot be evaluated."""
    check_limit(limit.measure, limit.parameters, limit.scope, limit.scope_value)
    levels_of(limit)
    fields = limit.model_dump(include=set(LimitIn.model_fields))
    parameters = ",".join(f"{name}={limit.parameters[name]}" for name in sorted(limit.parameters))
    evidence = {"source": "rest"}
    return {
        **fields,
        "limit_id": limit_id,
        "parameters": parameters,
        "recorded_at": recorded_at,
        "evidence": evidence,
    }


def levels_of(limit: LimitIn) -> LimitLevels:
    """Raises ValueError when the levels make no sense together."""
    return LimitLevels(
        limit.hard_level, limit.warning_level, 0.02 if limit.hysteresis is None else limit.hysteresis
    )


def action_row(limit_id: str, asked: LimitActionIn, file: LimitFile, recorded_at: datetime) -> dict[str, Any]:
    """A row of ops.limit_action. Raises Refusal when it is not the time for it."""
    if file.definition is None:
        raise Refusal(f"no limit {limit_id!r}: PUT it, or `tapeline load limits`", 404)
    row: dict[str, Any] = {
        "limit_id": limit_id,
        "action": asked.action,
        "actor": asked.by.strip(),
        "note": asked.note,
        "breach_id": None,
        "raise_id": None,
        "level": None,
        "expires_at": None,
        "requested_by": None,
        "recorded_at": recorded_at,
        "revision": 1,
    }
    if asked.action == "request_raise":
        return row | _request(limit_id, asked, file, file.definition["hard_level"])
    if asked.action == "approve_raise":
        return row | _approval(asked, file, file.definition["hard_level"])
    return row | _deed(asked, file)


def _deed(asked: LimitActionIn, file: LimitFile) -> dict[str, Any]:
    if file.breach_id is None:
        raise Refusal("the limit has no such breach")
    assert asked.action not in ("request_raise", "approve_raise"), "the caller takes raises apart"
    done = [row["action"] for row in file.actions if row["breach_id"] == file.breach_id]
    refusal = action_refusal(asked.action, done, cured=file.cured)
    if refusal is not None:
        raise Refusal(refusal)
    return {"action_id": f"{file.breach_id}:{asked.action}", "breach_id": file.breach_id}


def _request(limit_id: str, asked: LimitActionIn, file: LimitFile, hard_level: float) -> dict[str, Any]:
    if asked.level is None or asked.expires_at is None:
        raise Refusal("a raise needs level and expires_at")
    refusal = raise_refusal(asked.level, hard_level, asked.by, None)
    if refusal is not None:
        raise Refusal(refusal)
    number = 1 + sum(row["action"] == "request_raise" for row in file.actions)
    return {
        "action_id": f"{limit_id}:raise:{number}",
        "level": asked.level,
        "expires_at": asked.expires_at.astimezone(UTC),
    }


def _approval(asked: LimitActionIn, file: LimitFile, hard_level: float) -> dict[str, Any]:
    requests = {row["action_id"]: row for row in file.actions if row["action"] == "request_raise"}
    request = requests.get(asked.raise_id)
    if request is None:
        known = ", ".join(sorted(requests)) or "none"
        raise Refusal(f"raise_id must name a raise of this limit, it has: {known}")
    if any(row["raise_id"] == asked.raise_id for row in file.actions):
        raise Refusal("the raise is approved already")
    refusal = raise_refusal(request["level"], hard_level, asked.by, request["actor"])
    if refusal is not None:
        raise Refusal(refusal)
    return {
        "action_id": f"{asked.raise_id}:approval",
        "raise_id": asked.raise_id,
        "level": request["level"],
        "expires_at": request["expires_at"],
        "requested_by": request["actor"],
    }
