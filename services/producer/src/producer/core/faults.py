"""Fault switches: which events come twice, late, out of order or broken.

A schedule says in which order rows are sent. It only ever delays a row, so nothing is sent early.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from producer.core.events import KINDS

GOOD, DUPLICATE, MALFORMED = range(len(KINDS))
DUPLICATE_WITHIN_US = 1_000_000


@dataclass(frozen=True)
class Faults:
    """Shares are of the good events, 0 to 1. Malformed events come in addition; they replace nothing.

    A late event is delayed by half to all of `late_by_s`, one out of order by up to `out_of_order_by_s`.
    """

    duplicate_share: float = 0.0
    malformed_share: float = 0.0
    late_share: float = 0.0
    late_by_s: float = 120.0
    out_of_order_share: float = 0.0
    out_of_order_by_s: float = 0.5

    def __post_init__(self) -> None:
        for name in ("duplicate_share", "malformed_share", "late_share", "out_of_order_share"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name} was {share}: give a share from 0 to 1, such as 0.01 for 1 %")
        if self.late_share + self.out_of_order_share > 1:
            raise ValueError(
                "late_share and out_of_order_share are of the same events: keep their sum below 1"
            )
        for name in ("late_by_s", "out_of_order_by_s"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} was {getattr(self, name)}: give seconds, 0 or more")


class Schedule(NamedTuple):
    """What is sent, in sending order: arrays of equal length."""

    send_us: NDArray[np.int64]
    row: NDArray[np.int64]
    kind: NDArray[np.int8]


def schedule(due_us: NDArray[np.int64], faults: Faults, random: np.random.Generator) -> Schedule:
    """Sending order of rows due at `due_us` (rising), with the faults put in; equal seeds, equal order."""
    rows = np.arange(len(due_us), dtype=np.int64)
    send_us = due_us + _delays_us(len(due_us), faults, random)
    twice = rows[random.random(len(rows)) < faults.duplicate_share]
    repeat_us = send_us[twice] + random.integers(0, DUPLICATE_WITHIN_US, len(twice))
    broken = rows[random.random(len(rows)) < faults.malformed_share]
    all_send_us = np.concatenate([send_us, repeat_us, due_us[broken]])
    order = np.argsort(all_send_us, kind="stable")
    kinds = np.repeat(
        np.array([GOOD, DUPLICATE, MALFORMED], dtype=np.int8), [len(rows), len(twice), len(broken)]
    )
    return Schedule(all_send_us[order], np.concatenate([rows, twice, broken])[order], kinds[order])


def _delays_us(count: int, faults: Faults, random: np.random.Generator) -> NDArray[np.int64]:
    draw, extent = random.random(count), random.random(count)
    late = draw < faults.late_share
    shuffled = ~late & (draw < faults.late_share + faults.out_of_order_share)
    seconds = np.where(late, (0.5 + extent / 2) * faults.late_by_s, 0.0)
    seconds = np.where(shuffled, extent * faults.out_of_order_by_s, seconds)
    return (seconds * 1e6).astype(np.int64)
