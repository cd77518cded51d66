"""A platform of the benchmark's own, started as a user starts it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from testkit.platform import Platform


@contextmanager
def running_platform() -> Iterator[Platform]:
    """A started stack without a feed in a directory that is deleted afterwards."""
    with home() as directory:
        platform = Platform(directory)
        try:
            platform.up()
            yield platform
        finally:
            platform.down()


@contextmanager
def home() -> Iterator[Path]:
    """A short private directory for one stack."""
    directory = Path(tempfile.mkdtemp(prefix="tl-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def producer(bootstrap: str, *arguments: object) -> dict[str, float]:
    """Run `python -m producer` to its end; the summary of a replay, nothing for a simulation."""
    done = subprocess.run(
        [sys.executable, "-m", "producer", *map(str, arguments)],
        env=os.environ | {"TAPELINE_KAFKA": bootstrap},
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    return json.loads(done.stdout) if done.stdout else {}


def aggregator_url(platform: Platform) -> str:
    ports = json.loads((platform.home / "ports.json").read_text())
    return f"http://127.0.0.1:{ports['bar-aggregator']}"


def run_silver(platform: Platform) -> dict[str, float]:
    """Ask for a Silver job and wait for it."""
    answer = httpx.post(aggregator_url(platform) + "/jobs/silver-bars", timeout=600)
    answer.raise_for_status()
    return answer.json()


def resident_gb(platform: Platform) -> float:
    """Memory of every process of the stack; pages shared by several processes are counted once."""
    own = [process for process in psutil.process_iter() if _belongs(process, platform.home)]
    total = 0
    for process in own:
        with suppress(psutil.NoSuchProcess):  # a command of the schedule may end meanwhile
            total += process.memory_full_info().pss
    return total / 2**30


def is_ready(url: str) -> bool:
    """Whether the service at this address says that it is ready."""
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(accept: object, within_s: float = 120.0, every_s: float = 0.1) -> float:
    """Seconds until `accept()` is true; TimeoutError after `within_s`."""
    assert callable(accept)
    started = time.monotonic()
    while time.monotonic() - started < within_s:
        if accept():
            return time.monotonic() - started
        time.sleep(every_s)
    raise TimeoutError(f"not there after {within_s:.0f} s")


def _belongs(process: psutil.Process, home_dir: Path) -> bool:
    """A process of this stack: its command or its environment names the directory."""
    try:
        if str(home_dir) in " ".join(process.cmdline()):
            return True
        return process.environ().get("TAPELINE_STATE_DIR", "").startswith(str(home_dir))
    except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
