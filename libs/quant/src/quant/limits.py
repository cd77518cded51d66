"""Limits: what may be limited, and which state a limit is in after each new value."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from quant.measures import MEASURES, Measure

LimitStateName = Literal["OK", "WARNING", "BREACH", "UNKNOWN"]
ArmedState = Literal["OK", "WARNING", "BREACH"]

LIMIT_SCOPES = ("portfolio", "asset", "asset_class", "currency", "sector", "issuer")
LIMIT_EXPOSURES: Mapping[str, str] = {
    "gross": "currency",
    "net": "currency",
    "long": "currency",
    "short": "currency",
    "leverage": "ratio",
    "share_of_gross": "percent",
    "daily_loss": "currency",
}
"""What can be limited besides the rows of MEASURES, and its unit; all grow with what they limit."""

MORE_IS_BETTER = frozenset({"sharpe", "sortino", "effective_names"})
"""Rows of MEASURES that cannot be limited: a limit is a ceiling, these would need a floor."""


@dataclass(frozen=True, slots=True)
class LimitLevels:
    """Where WARNING and BREACH begin, in the unit of the measure, and how far below a level it re-arms.

    `hysteresis` is a fraction: a limit leaves a state only when the value is below level * (1 - hysteresis).
    Errors: ValueError unless 0 < warning < hard, all finite, and 0 <= hysteresis < 1.
    """

    hard: float
    warning: float | None = None
    hysteresis: float = 0.0

    def __post_init__(self) -> None:
        if not isfinite(self.hard) or self.hard <= 0:
            raise ValueError(f"hard level {self.hard} must be above zero")
        if self.warning is not None and not 0 < self.warning < self.hard:
            raise ValueError(
                f"warning level {self.warning} must be above zero and below the hard level {self.hard}"
            )
        if not 0 <= self.hysteresis < 1:
            raise ValueError(f"hysteresis {self.hysteresis} must be a fraction from 0 to below 1")


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """The state shown, and the last state that was known: hysteresis goes on behind an UNKNOWN."""

    state: LimitStateName
    armed: ArmedState


def limit_standing(levels: LimitLevels, before: LimitStanding | None, value: float | None) -> LimitStanding:
    """The standing of a limit after one more value.

    Inputs: the levels in force; the standing before, None for a limit never evaluated; the value, None when
    it cannot be known (missing, too little covered, too old). A NaN counts as None.
    Formula: BREACH when value >= hard, or when it was BREACH and value >= hard * (1 - h); else WARNING when
    value >= warning, or when it was WARNING or BREACH and value >= warning * (1 - h); else OK. An unknown
    value gives UNKNOWN and keeps what was known.
    Edge cases: a limit that was never known and is unknown now is armed as OK, shown as UNKNOWN.
    Source: docs/reference/limits.md.
    """
    armed: ArmedState = "OK" if before is None else before.armed
    if value is None or not isfinite(value):
        return LimitStanding("UNKNOWN", armed)
    keep = 1.0 - levels.hysteresis
    found: ArmedState = "OK"
    if value >= levels.hard or (armed == "BREACH" and value >= levels.hard * keep):
        found = "BREACH"
    elif levels.warning is not None and (
        value >= levels.warning or (armed != "OK" and value >= levels.warning * keep)
    ):
        found = "WARNING"
    return LimitStanding(found, found)


def limit_severity(age_s: float, escalate_after_s: float | None, highest: int = 3) -> int:
    """Severity of an open breach: 1, and one more for each `escalate_after_s` of age, at most `highest`."""
    if escalate_after_s is None:
        return 1
    if escalate_after_s <= 0:
        raise ValueError(f"escalate_after_s {escalate_after_s} must be above zero")
    return min(highest, 1 + int(max(0.0, age_s) // escalate_after_s))


def limit_measure(measure: str, parameters: Mapping[str, str]) -> Measure | None:
    """The row of MEASURES that a limit names, None for an exposure of LIMIT_EXPOSURES.

    Errors: ValueError for a name that is neither, for parameters of an exposure, and for parameters that fit
    no row or several rows.
    """
    if measure in LIMIT_EXPOSURES:
        if parameters:
            raise ValueError(f"{measure} takes no parameters")
        return None
    rows = [row for row in MEASURES if row.name == measure and measure not in MORE_IS_BETTER]
    if not rows:
        known = ", ".join(sorted({*LIMIT_EXPOSURES, *(row.name for row in MEASURES)} - MORE_IS_BETTER))
        raise ValueError(f"{measure} cannot be limited; one of: {known}")
    fitting = [row for row in rows if parameters.items() <= row.parameters.items()]
    if len(fitting) != 1:
        offered = "; ".join(
            ",".join(f"{name}={value}" for name, value in sorted(row.parameters.items())) for row in rows
        )
        how_many = "no row" if not fitting else f"{len(fitting)} rows"
        raise ValueError(f"the parameters fit {how_many} of {measure}; its rows: {offered}")
    return fitting[0]


def check_limit(measure: str, parameters: Mapping[str, str], scope: str, scope_value: str | None) -> None:
    """Whether scope and measure can be limited together; ValueError says what to write instead."""
    limit_measure(measure, parameters)
    if scope not in LIMIT_SCOPES:
        raise ValueError(f"scope {scope} must be one of: {', '.join(LIMIT_SCOPES)}")
    if (scope == "portfolio") != (not scope_value):
        raise ValueError("a scope other than portfolio needs a scope_value, portfolio takes none")
    if scope != "portfolio" and measure == "leverage":
        raise ValueError("leverage belongs to a whole portfolio: a part of it has no net asset value")
