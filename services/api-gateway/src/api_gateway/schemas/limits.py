"""Limits: their definition, actions on them, their events and their replay over history."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api_gateway.schemas.common import Cursor
from api_gateway.schemas.times import Rfc3339
from contracts import Basis, LimitEvent, Timestamp

Level = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Person = Annotated[str, Field(min_length=1, max_length=100, description="who does it", examples=["ann"])]


_EXAMPLE: dict[str, JsonValue] = {
    "portfolio_id": "US-CORE",
    "measure": "historical_var",
    "parameters": {"confidence_bp": "9900"},
    "warning_level": 80000.0,
    "hard_level": 100000.0,
}


class LimitIn(BaseModel):
    """A limit: scope x measure x levels. What is left out takes the default of the reference page."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    portfolio_id: str = Field(min_length=1, max_length=128, examples=["US-CORE"])
    scope: str = Field(
        default="portfolio", description="portfolio, asset, asset_class, currency, sector, issuer"
    )
    scope_value: str | None = Field(default=None, max_length=128, examples=["Financials"])
    measure: str = Field(max_length=64, examples=["historical_var"])
    parameters: dict[str, str] = Field(default={}, max_length=10, examples=[{"confidence_bp": "9900"}])
    warning_level: Level | None = None
    hard_level: Level
    hysteresis: float | None = Field(default=None, strict=True, ge=0, lt=1, description="fraction of a level")
    minimum_coverage: float | None = Field(
        default=None, strict=True, ge=0, le=1, description="share of positions"
    )
    max_age_s: Level | None = None
    escalate_after_s: Level | None = None
    active: bool = Field(default=True, strict=True)


class LimitActionIn(BaseModel):
    """What a person does about a breach, or a temporary raise asked for or approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["acknowledge", "explain", "close", "request_raise", "approve_raise"]
    by: Person
    note: str = Field(min_length=1, max_length=2000, description="why; kept for ever")
    breach_id: str | None = Field(default=None, max_length=256, description="without it the newest breach")
    raise_id: str | None = Field(default=None, max_length=256, description="which raise is approved")
    level: Level | None = Field(default=None, description="the hard level asked for")
    expires_at: Rfc3339 | None = Field(default=None, description="market time at which a raise ends")


class LimitBacktestIn(LimitIn):
    """A proposed limit, and the stored history to replay through it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_EXAMPLE, "from": "2013-10-07T13:30:00Z", "to": "2013-10-07T20:00:00Z"}]
        }
    )

    basis: Basis = "bar"
    start: Rfc3339 | None = Field(default=None, alias="from")
    end: Rfc3339 | None = Field(default=None, alias="to")
    false_alarm_s: float = Field(
        default=600.0,
        strict=True,
        ge=0,
        description="a WARNING or BREACH that ended within it is a false alarm",
    )


class LimitAction(Struct, frozen=True, kw_only=True):
    """One line of the audit trail."""

    action_id: str
    limit_id: str
    action: str
    actor: str
    note: str
    recorded_at: Timestamp
    breach_id: str | None = None
    raise_id: str | None = None
    level: float | None = None
    expires_at: Timestamp | None = None
    requested_by: str | None = None


class LimitDefinition(Struct, frozen=True, kw_only=True):
    """A limit as stored; nulls mean the defaults."""

    limit_id: str
    portfolio_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: str
    warning_level: float | None
    hard_level: float
    hysteresis: float | None
    minimum_coverage: float | None
    max_age_s: float | None
    escalate_after_s: float | None
    active: bool
    revision: int
    recorded_at: Timestamp


class LimitAudit(Struct, frozen=True, kw_only=True):
    """A limit: every revision of its definition and every action, oldest first."""

    limit_id: str
    definitions: tuple[LimitDefinition, ...]
    actions: tuple[LimitAction, ...]


class LimitEvents(Struct, frozen=True, kw_only=True):
    """A page of limit events, the newest first."""

    data: tuple[LimitEvent, ...]
    next_cursor: Cursor | None = None


class LimitStates(Struct, frozen=True, kw_only=True):
    """A page of the newest events, one per limit, by limit."""

    data: tuple[LimitEvent, ...]
    next_cursor: Cursor | None = None


class BacktestTally(Struct, frozen=True, kw_only=True):
    """Episodes of one state."""

    count: int
    seconds: float
    longest_seconds: float
    false_alarms: int


class BacktestEpisode(Struct, frozen=True, kw_only=True):
    """A stretch outside OK; an open one goes on at the end of the history."""

    state: str
    start: Timestamp
    end: Timestamp
    seconds: float
    open: bool
    worst: float | None


class LimitBacktestAnswer(Struct, frozen=True, kw_only=True):
    """What the proposed limit would have done over the stored history."""

    portfolio_id: str
    measure: str
    basis: Basis
    observations: int
    first: Timestamp | None
    last: Timestamp | None
    warning: BacktestTally
    breach: BacktestTally
    unknown: BacktestTally
    episodes: Annotated[tuple[BacktestEpisode, ...], Meta(description="the first 500 outside OK")]
