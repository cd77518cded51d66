"""The steps of an end of day, in the order they run. A new step is one row here."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from endofday.adapters.challenger import challenge
from endofday.adapters.pnl import freeze_pnl

Run = Callable[[asyncpg.Pool, dt.date], Awaitable[dict[str, Any]]]
"""Does a step for a business date and returns counts for the record. A repeat must change nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One named part of an end of day."""

    name: str
    title: str
    run: Run


STEPS: tuple[Step, ...] = (
    Step("pnl", "daily profit and loss of every portfolio", freeze_pnl),
    Step("challenger", "value at risk and profit computed a second time", challenge),
)


def chosen(name: str | None) -> tuple[Step, ...]:
    """All steps, or the named one. Raises ValueError for a name that is no step."""
    found = tuple(step for step in STEPS if name in (None, step.name))
    if not found:
        raise ValueError(f"{name} is no step; there are {', '.join(step.name for step in STEPS)}")
    return found
