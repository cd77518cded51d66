"""Limits: what they are, every change of their state, how they closed, and what people did about it."""

import datetime as dt
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from store.tables.base import Fact, bigint, double, timestamp, versioned_by


class LimitDefinition(Fact, table=True):
    """A limit: scope x measure x levels. Levels are in the unit of the measure; nulls mean the defaults.

    `parameters` is canonical text, see `canonical_parameters`; an inactive limit is not evaluated.
    """

    __table_args__ = (
        versioned_by("limit_id"),
        CheckConstraint("hard_level > 0 AND (warning_level IS NULL OR warning_level > 0)", name="levels"),
    )

    limit_id: str = Field(primary_key=True)
    portfolio_id: str
    scope: str
    scope_value: str | None = None
    measure: str
    parameters: str
    warning_level: float | None = double(default=None)
    hard_level: float = double()
    hysteresis: float | None = double(default=None)
    minimum_coverage: float | None = double(default=None)
    max_age_s: float | None = double(default=None)
    escalate_after_s: float | None = double(default=None)
    active: bool = True


class LimitEvent(Fact, table=True):
    """One change of state or severity of a limit, as on portfolio.limit-events.v1.

    The newest event of a limit is its state: a restarted service goes on from it.
    """

    __table_args__ = (
        versioned_by("event_id"),
        Index(None, "limit_id", "sequence", unique=True),
        Index(None, "as_of", "event_id"),
    )

    event_id: str = Field(primary_key=True)
    limit_id: str
    sequence: int = bigint()
    kind: str
    portfolio_id: str
    scope: str
    scope_value: str | None = None
    measure: str
    parameters: str
    state: str
    previous_state: str | None = None
    armed_state: str
    value: float | None = double(default=None)
    unit: str | None = None
    warning_level: float | None = double(default=None)
    hard_level: float = double()
    as_of: dt.datetime = timestamp()
    breach_id: str | None = None
    breach_opened_at: dt.datetime | None = timestamp(default=None)
    severity: int | None = None
    reason: str | None = None
    message: str | None = None
    valuation_id: str | None = None


class LimitStatus(Fact, table=True):
    """How a limit stood at the close of a business date, judged on the closing value.

    `armed_state` is the last known state, from which the next close goes on; `value` is null with a reason.
    """

    __table_args__ = (
        versioned_by("limit_id", "date"),
        Index(None, "portfolio_id", "date"),
    )
    unmeasured: ClassVar[frozenset[str]] = frozenset({"valuation_id"})

    limit_id: str = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    portfolio_id: str
    as_of: dt.datetime = timestamp()
    valuation_id: str
    state: str
    armed_state: str
    value: float | None = double(default=None)
    unit: str
    warning_level: float | None = double(default=None)
    hard_level: float = double()
    reason: str | None = None
    message: str | None = None


class LimitAction(Fact, table=True):
    """What a person did: acknowledge, explain, close a breach; ask for a temporary raise, approve it.

    `level`, `expires_at` and `requested_by` belong to raises; the approver is never who asked.
    """

    __table_args__ = (
        versioned_by("action_id"),
        CheckConstraint(
            "requested_by IS NULL OR lower(trim(requested_by)) <> lower(trim(actor))", name="second_person"
        ),
        Index(None, "limit_id", "recorded_at"),
    )

    action_id: str = Field(primary_key=True)
    limit_id: str
    action: str
    actor: str
    note: str
    breach_id: str | None = None
    raise_id: str | None = None
    level: float | None = double(default=None)
    expires_at: dt.datetime | None = timestamp(default=None)
    requested_by: str | None = None
