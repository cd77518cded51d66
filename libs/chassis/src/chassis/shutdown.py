"""SIGTERM and SIGINT as one flag that loops look at."""

import signal
import threading
from types import FrameType


class StopSignal:
    """Set once, by a signal or by `set()`; never cleared."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def listen(self) -> "StopSignal":
        """Take SIGTERM and SIGINT; call from the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until stopped or `timeout` seconds are over; tells whether stopped."""
        return self._event.wait(timeout)
