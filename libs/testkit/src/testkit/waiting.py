"""Waiting for what comes in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_S = 0.05


def eventually(probe: Callable[[], T], accept: Callable[[T], bool] = bool, within_s: float = 90.0) -> T:
    """The first answer of `probe` that is accepted; AssertionError with the last answer when time is over."""
    deadline = time.monotonic() + within_s
    while True:
        answer = probe()
        if accept(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not accepted within {within_s:.0f} s; the last answer was {answer!r}")
        time.sleep(POLL_S)
