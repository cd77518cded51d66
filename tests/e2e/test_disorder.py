"""Disorder, repetition and bad input change nothing in the bars and lose nothing in the counts."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from testkit.days import shifted_day
from testkit.oracles import five_minute_bars
from testkit.platform import Platform

DAY = Path(__file__).resolve().parents[2] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"
MARKET_DATE = date(2013, 9, 23)
ROWS = pl.scan_parquet(DAY).select(pl.len()).collect().item()

pytestmark = pytest.mark.timeout(600)


def test_disorder_repetition_and_bad_input_change_no_bar(platform: Platform, tmp_path: Path) -> None:
    day = shifted_day(DAY, -14, tmp_path)
    before = platform.ingest_counts()
    summary = platform.run_json(
        "replay", str(day), "--speed", "max", "--wait", "--seed", "7",
        "--shuffle-within", "120", "--duplicate-share", "0.01", "--malformed-share", "0.005",
    )  # fmt: skip
    platform.run("bars", "run")

    assert platform.final_bars(MARKET_DATE) == five_minute_bars(day)
    assert summary["duplicates"] > 0.008 * ROWS
    assert summary["malformed"] > 0.004 * ROWS
    assert platform.ingest_counts(before) == {
        "received": summary["sent"],
        "accepted": ROWS,
        "duplicate": summary["duplicates"],
        "rejected": summary["malformed"],
    }
    letters = platform.run_json("dlq", "list")
    assert sum(one["count"] for one in letters["reasons"]) == summary["malformed"]
