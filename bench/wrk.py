"""The load generator wrk: requests a second and the p99 of one URL."""

import re
import shutil
import subprocess
from typing import NamedTuple

HOW_TO_INSTALL = "wrk is not installed: apt-get install -y --no-install-recommends wrk"
_UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_P99 = re.compile(r"^\s+99%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)


class Load(NamedTuple):
    """What a closed loop over some connections found."""

    requests_per_s: float
    p99_ms: float


def load(url: str, api_key: str, connections: int, seconds: int) -> Load:
    """Ask as fast as answers come, from one thread.

    Raises: RuntimeError without wrk, or when an answer is no success.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError(HOW_TO_INSTALL)
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"X-API-Key: {api_key}"]
    told = subprocess.run(
        [*command, url], capture_output=True, text=True, check=True, timeout=seconds + 30
    ).stdout
    rate, p99 = _RATE.search(told), _P99.search(told)
    if rate is None or p99 is None or "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"{url} was not answered well:\n{told}")
    return Load(float(rate[1]), float(p99[1]) * _UNITS_MS[p99[2]])
