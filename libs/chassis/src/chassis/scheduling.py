"""Who starts what runs by the clock: one setting for everything, so that there are never two."""

from collections.abc import Mapping
from enum import StrEnum

SCHEDULER_VARIABLE = "TAPELINE_SCHEDULER"


class SchedulerKind(StrEnum):
    """The platform itself, Airflow, or only people."""

    EMBEDDED = "embedded"
    AIRFLOW = "airflow"
    NONE = "none"


def scheduler_kind(environment: Mapping[str, str]) -> SchedulerKind:
    """What the environment says, embedded without a word. Raises ValueError for any other name."""
    return SchedulerKind(environment.get(SCHEDULER_VARIABLE) or SchedulerKind.EMBEDDED)
