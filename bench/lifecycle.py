"""Start with warm caches, memory, and recovery from kill -9."""

import json
import os
import signal
import time
from collections import defaultdict

import psutil

from bench.rows import Row
from bench.stack import home, is_ready, resident_gb, wait_until
from testkit.platform import CommandFailed, Platform

UP_PATH = "`tapeline up`, warm caches"
MEMORY_PATH = "core stack, resident memory"
KILL_PATH = "kill -9 of a process, until the platform is ready again"
UP_TARGET_S, MEMORY_TARGET_GB, KILL_TARGET_S = 45.0, 4.0, 30.0
SERVICES = ("tick-ingestor", "bar-aggregator", "valuation", "risk", "api-gateway", "producer")
SERVERS = ("kafka", "postgres")
SETTLE_S = 20.0


def measure(runs: int) -> list[Row]:
    """Fresh stacks with the simulated market; a few runs only, each takes minutes."""
    up_s, memory_gb, kill_s = [], [], defaultdict[str, list[float]](list)
    for run in range(runs + 1):
        with home() as directory:
            platform = Platform(directory)
            started = time.perf_counter()
            try:
                platform.up(feed="sim")
                seconds = time.perf_counter() - started
                if run:  # the first fills the caches
                    up_s.append(seconds)
                    time.sleep(SETTLE_S)
                    memory_gb.append(resident_gb(platform))
                    for name in (*SERVICES, *SERVERS):
                        kill_s[name].append(recovery_s(platform, name))
            finally:
                platform.down()
    slowest = tuple(max(seconds[run] for seconds in kill_s.values()) for run in range(runs))
    note = (
        "A fresh state directory with the jars in the user's cache; from the command to the simulated "
        f"market. Memory {SETTLE_S:.0f} s later, shared pages counted once. Each process killed once per "
        "stack under 500 ticks/s; that nothing is lost or doubled is what the tests show."
    )
    return [
        Row(
            path=UP_PATH,
            subject="whole platform",
            unit="s",
            values=tuple(up_s),
            target=UP_TARGET_S,
            note=note,
        ),
        Row(
            path=MEMORY_PATH,
            subject="all processes",
            unit="GB",
            values=tuple(memory_gb),
            target=MEMORY_TARGET_GB,
        ),
        Row(path=KILL_PATH, subject="slowest process", unit="s", values=slowest, target=KILL_TARGET_S),
        *(
            Row(path=KILL_PATH, subject=name, unit="s", values=tuple(seconds))
            for name, seconds in kill_s.items()
        ),
    ]


def recovery_s(platform: Platform, name: str) -> float:
    """Seconds from SIGKILL until the killed part, and what stands on it, is ready."""
    process = psutil.Process(platform.pid(name))
    started = time.perf_counter()
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    checked = (name,) if name in SERVICES else SERVICES
    if name in SERVERS:
        time.sleep(1)  # services notice a lost server a moment later
    ports = json.loads((platform.home / "ports.json").read_text())
    wait_until(
        lambda: all(is_ready(f"http://127.0.0.1:{ports[service]}") for service in checked), every_s=0.05
    )
    if name in SERVERS:
        wait_until(lambda: _is_whole(platform), every_s=0.5)
    return time.perf_counter() - started


def _is_whole(platform: Platform) -> bool:
    try:
        platform.run("status")  # fails while anything is not ready
    except CommandFailed:
        return False
    return True
