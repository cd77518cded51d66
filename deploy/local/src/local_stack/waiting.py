"""Waiting for something to become true, with an end."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], timeout_seconds: float, interval_seconds: float = 0.1) -> bool:
    """Whether the condition became true within the time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval_seconds)
    return True
