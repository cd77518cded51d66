"""What a limit says, and what people did about it, as loaded from schema ops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from quant.limit_lifecycle import LimitRaise, raised_level
from quant.limits import LimitLevels

DEFAULT_HYSTERESIS = 0.02
DEFAULT_COVERAGE = 1.0
DEFAULT_AGE_S = 900.0


@dataclass(frozen=True, slots=True)
class Definition:
    """One limit of one portfolio; a parent's portfolio holds the merged positions of its sub-tree.

    `minimum_coverage` is the share of positions in scope that must be priced and fresh; `max_age_s` is how
    far the portfolio's market time may lie behind that of the newest portfolio.
    """

    limit_id: str
    portfolio_id: str
    scope: str
    scope_value: str | None
    measure: str
    parameters: Mapping[str, str]
    levels: LimitLevels
    minimum_coverage: float = DEFAULT_COVERAGE
    max_age_s: float = DEFAULT_AGE_S
    escalate_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """What one person did about a breach."""

    action: str
    actor: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LimitBooks:
    """All active limits, the raises of each, and the deeds of each breach, as known at `version`."""

    version: str = ""
    definitions: tuple[Definition, ...] = ()
    raises: Mapping[str, Sequence[LimitRaise]] = field(default_factory=dict[str, Sequence[LimitRaise]])
    deeds: Mapping[str, Sequence[Deed]] = field(default_factory=dict[str, Sequence[Deed]])


def parameters_of(text: str) -> dict[str, str]:
    """`confidence_bp=9900,window=500` -> names and values; the inverse of `canonical_parameters`."""
    return dict(part.split("=", 1) for part in text.split(",") if part)


def levels_at(limit: Definition, raises: Sequence[LimitRaise], at: datetime) -> LimitLevels:
    """The levels in force at a market time, with the raises that hold."""
    return replace(limit.levels, hard=raised_level(limit.levels.hard, raises, at))
