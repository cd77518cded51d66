"""kill -9 in mid-stream: the supervisor brings each process back, and nothing is lost or counted twice."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from testkit.days import shifted_day
from testkit.oracles import five_minute_bars, last_prices
from testkit.platform import CommandFailed, Platform, eventually, kill_tree

DAY = Path(__file__).resolve().parents[2] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
MARKET_DATE = date(2013, 9, 30)
ROWS = pl.scan_parquet(DAY).select(pl.len()).collect().item()

pytestmark = pytest.mark.timeout(600)


def attempted(command: Callable[[], Any]) -> Any:
    """The command's answer, or None while the service behind it is coming back."""
    try:
        return command()
    except CommandFailed:
        return None


def test_killed_processes_come_back_and_nothing_is_lost_or_doubled(
    platform: Platform, tmp_path: Path
) -> None:
    day = shifted_day(DAY, -7, tmp_path)
    before = platform.ingest_counts()
    replay = platform.start("replay", str(day), "--speed", "max", "--wait")
    for victim, share in (
        ("tick-ingestor", 0.1),
        ("bar-aggregator", 0.2),
        ("valuation", 0.4),
        ("tick-ingestor", 0.5),
    ):
        pid = platform.pid(victim)  # asking takes a second, in which the rest of the day might go through
        eventually(
            lambda: platform.ingest_counts(before),
            lambda counts, least=share * ROWS: counts["received"] >= least,
            120,
        )
        kill_tree(pid)
        assert platform.ingest_counts(before)["received"] < ROWS, f"{victim} was killed after the stream"
        time.sleep(0.5)  # into the restart, so that the next kill meets a system that is still recovering
    output, _ = replay.communicate(timeout=240)
    assert replay.returncode == 0, output

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
