"""Limits of the Risk Exposure report."""

from collections.abc import Iterable, Sequence

from reports.core import figures
from reports.core.document import Absent, Cell, Column, Note, Row, Table
from reports.core.risk.shapes import LimitState

STATES_TO_ACT_ON = ("BREACH", "UNKNOWN", "WARNING")


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
    return Table(name, title, columns, tuple(Row(_limit(one)) for one in limits), note)


def _limit(one: LimitState) -> tuple[Cell, ...]:
    scope = "" if one.scope == "portfolio" else f" of {one.scope} {one.scope_value}"
    asked = f" ({one.parameters})" if one.parameters else ""
    return (
        one.limit_id,
        one.portfolio_id,
        f"{one.measure}{asked}{scope}",
        one.state,
        "" if one.age_seconds is None else figures.age(one.age_seconds),
        Absent("unmeasured") if one.value is None else one.value,
        one.warning_level,
        one.hard_level,
        one.utilisation,
        one.unit,
        _breach(one),
    )


def _breach(one: LimitState) -> str:
    if not one.breach_open:
        return ""
    age = "" if one.breach_age_seconds is None else f", open {figures.age(one.breach_age_seconds)}"
    done = "; ".join(one.actions) or "nobody has acted"
    return f"severity {one.severity}{age}; {done}"
