"""Limits of the Risk Exposure report."""

from collections.abc import Iterable, Sequence

from reports.core import figures
from reports.core.document import Absent, Cell, Column, Note, Row, Table
from reports.core.risk.shapes import LimitState

STATES_TO_ACT_ON = ("BREACH", "UNKNOWN", "NOT_JUDGED", "WARNING")


def limit_tables(limits: Sequence[LimitState]) -> Iterable[Table | Note]:
    if not limits:
        yield Note("No limit is defined.")
        return
    pressing = [one for one in limits if one.state in STATES_TO_ACT_ON or one.breach_open]
    yield _states(
        "", "Breaches, warnings and limits that cannot be judged", pressing, "" if pressing else "None."
    )
    yield _states("Limits", "All limits", limits, "Use is value / hard level.")


def _states(name: str, title: str, limits: Sequence[LimitState], note: str) -> Table:
    columns = (
        Column("Limit"),
        Column("Portfolio"),
        Column("Measure"),
        Column("State"),
        Column("For"),
        Column("Value", "number"),
        Column("Warning", "number"),
        Column("Hard", "number"),
        Column("Use", "percent"),
        Column("Unit"),
        Column("Breach"),
    )
    return Table(
        name, title, columns, tuple(Row(_limit(one), alarm=one.state == "BREACH") for one in limits), note
    )


def _limit(one: LimitState) -> tuple[Cell, ...]:
    scope = "" if one.scope == "portfolio" else f" of {one.scope} {one.scope_value}"
    return (
        one.limit_id,
        one.portfolio_id,
        f"{_measure(one)}{scope}",
        one.state,
        "" if one.age_seconds is None else figures.age(one.age_seconds),
        Absent("unmeasured") if one.value is None else one.value,
        one.warning_level,
        one.hard_level,
        one.utilisation,
        one.unit,
        _breach(one),
    )


def _measure(one: LimitState) -> str:
    """`historical_var` at `confidence_bp=9900` is VaR 99 %."""
    name = {"historical_var": "VaR"}.get(one.measure, one.measure.replace("_", " "))
    asked = dict(part.split("=", 1) for part in one.parameters.split(",") if part)
    confidence = asked.pop("confidence_bp", None)
    if confidence is not None:
        name += f" {int(confidence) / 100:g} %"
    others = ", ".join(f"{key} {value}" for key, value in asked.items())
    return f"{name} ({others})" if others else name


def _breach(one: LimitState) -> str:
    if not one.breach_open:
        return "at the close; no live breach" if one.state == "BREACH" else ""
    age = "" if one.breach_age_seconds is None else f", open {figures.age(one.breach_age_seconds)}"
    done = "; ".join(one.actions) or "nobody has acted"
    return f"severity {one.severity}{age}; {done}"
