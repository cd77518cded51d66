"""kill -9 in mid-stream: the supervisor brings each process back, and nothing is lost or counted twice."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from testkit.days import shifted_day
from testkit.oracles import five_minute_bars, last_prices
from testkit.platform import CommandFailed, Platform, kill_tree
from testkit.waiting import eventually

DAY = Path(__file__).resolve().parents[2] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
MARKET_DATE = date(2013, 9, 30)
ROWS = pl.scan_parquet(DAY).select(pl.len()).collect().item()
VICTIMS = ("bar-aggregator", "tick-ingestor", "valuation", "kafka", "tick-ingestor")

pytestmark = pytest.mark.timeout(600)


def attempted(command: Callable[[], Any]) -> Any:
    """The command's answer, or None while what is behind it is coming back."""
    try:
        return command()
    except (CommandFailed, httpx.HTTPStatusError):
        return None


def parts_of_the_day(ticks: Path, count: int) -> list[tuple[str, str, int]]:
    """From, to and rows of parts with about as many rows each."""
    times = pl.read_parquet(ticks)["ts_event"].sort()
    cuts = [times[len(times) * number // count] for number in range(count)]
    cuts.append(times[-1] + timedelta(microseconds=1))
    return [
        (start.isoformat(), end.isoformat(), int(times.is_between(start, end, closed="left").sum()))
        for start, end in pairwise(cuts)
    ]


def test_killed_processes_come_back_and_nothing_is_lost_or_doubled(
    platform: Platform, tmp_path: Path
) -> None:
    day = shifted_day(DAY, -7, tmp_path)
    before = platform.ingest_counts()
    sent = 0
    # However fast the machine is, a part follows each kill, so that all of them are amid the stream. It
    # follows at once: the next kill meets a system that is still recovering.
    *struck, last = parts_of_the_day(day, len(VICTIMS) + 1)
    for victim, (start, end, rows) in zip(VICTIMS, struck, strict=True):
        pid = platform.pid(victim)
        with platform.beside("replay", str(day), "--from", start, "--to", end, "--speed", "max") as replay:
            eventually(
                lambda: attempted(lambda: platform.ingest_counts(before)),
                lambda counts, least=sent: counts is not None and counts["received"] > least,
                120,
            )
            kill_tree(pid)
            output, _ = replay.communicate(timeout=240)
        assert replay.returncode == 0, output
        sent += rows
    start, end, _ = last
    platform.run("replay", str(day), "--from", start, "--to", end, "--speed", "max", "--wait")

    assert eventually(lambda: attempted(lambda: platform.run("bars", "run")), bool, within_s=90)
    assert platform.final_bars(MARKET_DATE) == five_minute_bars(day)
    assert platform.ingest_counts(before) == {
        "received": ROWS,
        "accepted": ROWS,
        "duplicate": 0,
        "rejected": 0,
    }

    prices = last_prices(DAY)
    lines = eventually(
        lambda: platform.get("/portfolios/EU-FEEDER/positions")["data"],
        lambda found: {line["symbol"] for line in found if line["price"]} == set(prices),
    )
    assert {line["symbol"]: Decimal(line["price"]) for line in lines} == prices
