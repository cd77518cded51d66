"""What Silver holds, as the warehouse's test reads it."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
from deltalake import write_deltalake

from tapeline_cli.silver_totals import DATES, silver_totals

MONDAY = dt.date(2013, 10, 7)
PRICES = ("open", "high", "low", "close")


def bar(symbol: str, date: dt.date, revision: int, close: str, minute: int = 0) -> dict[str, object]:
    start = dt.datetime.combine(date, dt.time(15, minute), dt.UTC)
    return {
        "symbol": symbol,
        "trade_date": date,
        "window_start": start,
        "window_end": start + dt.timedelta(minutes=5),
        **dict.fromkeys(PRICES, Decimal(close)),
        "volume": 100,
        "trades": 7,
        "revision": revision,
    }


def write(lake: Path, *bars: dict[str, object]) -> None:
    prices = dict.fromkeys(PRICES, pl.Decimal(28, 8))
    frame = pl.DataFrame(bars, schema_overrides=prices)
    write_deltalake(lake / "silver" / "bars", frame, partition_by=["trade_date"], mode="append")


def test_only_the_newest_revision_of_a_bar_counts(tmp_path: Path) -> None:
    write(tmp_path, bar("AIG", MONDAY, 1, "48.72"), bar("BAC", MONDAY, 1, "13.81", 5))
    write(tmp_path, bar("AIG", MONDAY, 2, "48.73000001"))
    found = json.loads(silver_totals(tmp_path) or "")
    assert found["until"] == "2013-10-07T15:10:00+00:00"
    assert found["dates"] == [
        {
            "trade_date": "2013-10-07",
            "bars": "2",
            "volume": "200",
            "trades": "14",
            **dict.fromkeys(PRICES, "62.54000001"),
        }
    ]


def test_old_dates_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, *(bar("AIG", MONDAY + dt.timedelta(days=day), 1, "48") for day in range(DATES + 2)))
    dates = json.loads(silver_totals(tmp_path) or "")["dates"]
    assert (len(dates), dates[0]["trade_date"]) == (DATES, "2013-10-09")


def test_without_silver_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert silver_totals(tmp_path) is None
