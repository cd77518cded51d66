"""What a step is, and those that need nothing but PostgreSQL, in the order they run. A new one is one row."""

import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from endofday.adapters.actions import check_actions
from endofday.adapters.challenger import challenge
from endofday.adapters.closes import take_closes
from endofday.adapters.limits import judge_limits
from endofday.adapters.pnl import freeze_pnl
from endofday.adapters.revalue import revalue
from endofday.adapters.risk import measure_risk

Run = Callable[[asyncpg.Pool, dt.date], Awaitable[dict[str, Any]]]
"""Does a step for a business date and returns counts for the record, `written` among them where rows were
written. A repeat must change nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One named part of an end of day."""

    name: str
    title: str
    run: Run


STEPS: tuple[Step, ...] = (
    Step("closes", "closes and fixings of final bars, where none were loaded", take_closes),
    Step("corporate-actions", "splits and dividends, and prices that miss one", check_actions),
    Step("revalue", "official value of every portfolio at the close", revalue),
    Step("pnl", "daily profit and loss of every portfolio", freeze_pnl),
    Step("risk", "risk of every closing value", measure_risk),
    Step("limits", "limits judged on the closing values", judge_limits),
    Step("challenger", "value at risk and profit computed a second time", challenge),
)


def chosen(names: Collection[str] = (), steps: Sequence[Step] = STEPS) -> tuple[Step, ...]:
    """The named steps in the order they run, all without a name. ValueError for a name that is no step."""
    known = [step.name for step in steps]
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"{', '.join(unknown)} is no step; there are {', '.join(known)}")
    return tuple(step for step in steps if not names or step.name in names)
