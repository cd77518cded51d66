"""The life of a breach: opened, acknowledged, explained, cured, closed; and who may raise a limit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

BreachPhase = Literal["opened", "acknowledged", "explained", "cured", "closed"]
BreachAction = Literal["acknowledge", "explain", "close"]
BREACH_ACTIONS: tuple[BreachAction, ...] = ("acknowledge", "explain", "close")


@dataclass(frozen=True, slots=True)
class LimitRaise:
    """A temporary hard level: in force once a second person approved it, until market time expires it."""

    raise_id: str
    level: float
    expires_at: datetime
    requested_by: str
    approved_by: str | None


def breach_phase(done: Collection[str], *, cured: bool) -> BreachPhase:
    """How far a breach is: the actions done by people, and whether the value has come back by itself.

    A cured breach stays open for people until it is closed, acknowledged or not.
    """
    if "close" in done:
        return "closed"
    if cured:
        return "cured"
    if "explain" in done:
        return "explained"
    return "acknowledged" if "acknowledge" in done else "opened"


def action_refusal(action: BreachAction, done: Collection[str], *, cured: bool) -> str | None:
    """Why an action cannot be done now; None when it can. Every action is done once.

    An explanation needs an acknowledgement, a closing needs an explanation and a cure.
    """
    if action in done:
        return f"the breach has been through {action} already"
    if "close" in done:
        return "the breach is closed"
    if action == "explain" and "acknowledge" not in done:
        return "acknowledge the breach before explaining it"
    if action == "close" and "explain" not in done:
        return "explain the breach before closing it"
    if action == "close" and not cured:
        return "the value is still above the level: only a cured breach can be closed"
    return None


def raise_refusal(level: float, hard_level: float, by: str, requested_by: str | None) -> str | None:
    """Why a temporary raise cannot be asked for (`requested_by` None) or approved; None when it can."""
    if level <= hard_level:
        return f"a raise must lie above the hard level {hard_level:g}"
    if requested_by is not None and by.strip().casefold() == requested_by.strip().casefold():
        return "a second person must approve: the one who asked cannot"
    return None


def raised_level(hard_level: float, raises: Sequence[LimitRaise], at: datetime) -> float:
    """The hard level in force at a market time: the highest approved raise not expired, else the own."""
    granted = [one.level for one in raises if one.approved_by is not None and at < one.expires_at]
    return max([hard_level, *granted])
