"""How the limits of a portfolio stand, and the smallest trade that cures one."""

from decimal import Decimal

from msgspec import Struct

from contracts.types import LimitState, Timestamp


class LimitsRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which portfolio."""

    portfolio_id: str


class LimitBreach(Struct, frozen=True, kw_only=True):
    """The newest breach of a limit that is not closed; ages are of market time and of our time."""

    breach_id: str
    phase: str
    severity: int
    opened_at: Timestamp
    age_seconds: float
    recorded_age_seconds: float
    cured_at: Timestamp | None = None
    acknowledged_by: str | None = None
    explained_by: str | None = None
    explanation: str | None = None


class LimitRaised(Struct, frozen=True, kw_only=True):
    """A temporary hard level, asked for or in force."""

    raise_id: str
    level: float
    expires_at: Timestamp
    requested_by: str
    approved_by: str | None = None


class LimitStatus(Struct, frozen=True, kw_only=True):
    """One limit: what it limits, the levels in force, and where it stands.

    `state` is null until a live value was judged. `utilisation_percent` is value / hard level in force.
    """

    limit_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: dict[str, str]
    unit: str | None
    state: LimitState | None
    since: Timestamp | None
    value: float | None
    utilisation_percent: float | None
    warning_level: float | None
    hard_level: float
    own_hard_level: float
    hysteresis: float
    minimum_coverage: float
    max_age_s: float
    escalate_after_s: float | None
    as_of: Timestamp | None
    reason: str | None = None
    message: str | None = None
    breach: LimitBreach | None = None
    raises: tuple[LimitRaised, ...] = ()


class LimitsAnswer(Struct, frozen=True, kw_only=True):
    """All limits of a portfolio, by id, as judged on its newest live value."""

    portfolio_id: str
    market_time: Timestamp | None
    limits: tuple[LimitStatus, ...]


class CureRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which limit."""

    limit_id: str


class CureAnswer(Struct, frozen=True, kw_only=True):
    """The smallest single-name trade, by market value, after which the limit is not in BREACH and re-armed.

    `quantity` is in units of the instrument, rounded up to whole ones; `value_after` is the measure
    recomputed with it. Without a trade, `message` says why.
    """

    limit_id: str
    portfolio_id: str
    valuation_id: str
    as_of: Timestamp
    measure: str
    unit: str
    value: float | None
    target: float
    needed: bool
    symbol: str | None = None
    quantity: Decimal | None = None
    market_value: Decimal | None = None
    value_after: float | None = None
    message: str | None = None
