"""Crash points for tests: a process can be told to die as by kill -9 between two named steps."""

import os

ENVIRONMENT = "CRASH_AT"
_passed: dict[str, int] = {}


def crash_point(name: str) -> None:
    """End the process at once when CRASH_AT is `name:n` and this is the n-th time it comes here."""
    wanted, _, count = os.environ.get(ENVIRONMENT, "").partition(":")
    if wanted != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count or 1):
        os._exit(137)
