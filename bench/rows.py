"""What a measurement is."""

import time
from collections.abc import Callable
from statistics import median

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measured line of the table.

    `values` holds one number per run; their median is compared with `target`. A row without a target is a
    peer or a companion number, measured in the same run of the program as ours.
    """

    path: str
    """what is measured, equal for ours and its peers"""
    subject: str
    """who is measured"""
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    higher_is_better: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def meets_target(self) -> bool | None:
        """None without a target."""
        if self.target is None:
            return None
        return self.median >= self.target if self.higher_is_better else self.median <= self.target


def timed_ms(work: Callable[[], object], runs: int) -> tuple[float, ...]:
    """Milliseconds of `runs` calls, after one that is not counted."""
    work()
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1e3)
    return tuple(found)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that is not below `share` of all (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
