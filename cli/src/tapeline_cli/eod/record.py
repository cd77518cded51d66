"""The run record of a business date: a file beside its reports that tells how each number came to be."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_stack.state import StateDir

if TYPE_CHECKING:
    from endofday.adapters.runs import Attempt

FILE = "run-record.json"


def document(one: Attempt) -> dict[str, Any]:
    """One attempt as JSON."""
    return {**asdict(one), "seconds": None if one.seconds is None else round(one.seconds, 3)}


def record(date: dt.date, found: Sequence[Attempt]) -> dict[str, Any]:
    """Every attempt, oldest first, and which steps are not done as of the newest."""
    from endofday.core.chain import CHAIN_STEPS

    newest = {one.step: one.state for one in sorted(found, key=lambda one: one.attempt)}
    open_steps = [step for step in CHAIN_STEPS if newest.get(step) != "done"]
    told = [document(one) for one in found]
    return {"date": date, "complete": not open_steps, "open_steps": open_steps, "attempts": told}


def save(date: dt.date, found: Sequence[Attempt]) -> Path:
    """Write the record where the reports of the date are; a later one replaces it."""
    target = StateDir.from_environment().root / "reports" / date.isoformat() / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".new")
    partial.write_text(json.dumps(record(date, found), indent=2, default=str) + "\n")
    partial.replace(target)
    return target
