"""Child processes of a test run: they end with it, whatever happens to it."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local_stack.waiting import wait_until

_PR_SET_PDEATHSIG = 1


class ChildProcess:
    """A started program with its log; `stop` always ends it."""

    def __init__(
        self, name: str, command: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self.process = self._started()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_ready(self, is_ready: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Return when ready; raise RuntimeError with the end of the log when it exits or is too slow."""

        def answered() -> bool:
            return self.process.poll() is not None or is_ready()

        if not wait_until(answered, timeout_seconds) or self.process.poll() is not None:
            code = self.process.poll()
            self.stop()
            state = (
                f"exited with {code}" if code is not None else f"was not ready after {timeout_seconds:.0f} s"
            )
            raise RuntimeError(f"{self.name} {state}; end of {self.log_file}:\n{self.log_tail()}")

    def log_tail(self, characters: int = 3000) -> str:
        return self.log_file.read_text(errors="replace")[-characters:]

    def start_again(self) -> None:
        """The same command once more, after its process has ended."""
        self.process = self._started()

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self.process.kill()
        self.process.wait()

    def stop(self, stop_signal: int = signal.SIGTERM, timeout_seconds: float = 10) -> int:
        """Ask to stop, kill after the time; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(stop_signal)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                self._command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )


def _end_with_parent() -> None:
    """Linux ends this child when the test run dies, even by SIGKILL."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
