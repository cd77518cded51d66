"""The Silver job over one real trade date, in a warm session."""

import time

from bench.ingestor import TRADES
from bench.rows import Row
from bench.stack import run_silver, running_platform
from testkit.days import shifted_day

PATH = "Silver job, one trade date of 388 thousand real ticks, warm session"
TARGET_S = 10.0


def measure(runs: int) -> list[Row]:
    """Each run has a day of its own: the same trades, so many days later."""
    seconds = []
    with running_platform() as platform:
        for run in range(runs + 1):
            platform.run("replay", str(shifted_day(TRADES, run, platform.home)), "--speed", "max", "--wait")
            started = time.perf_counter()
            outcome = run_silver(platform)
            if run:  # the first job warms the session
                seconds.append(time.perf_counter() - started)
    note = f"From the request to the answer, bars on Kafka and in PostgreSQL; the last answer was {outcome}."
    return [
        Row(path=PATH, subject="bar-aggregator", unit="s", values=tuple(seconds), target=TARGET_S, note=note)
    ]
